//! What is told of images.
//! <https://docs.aws.amazon.com/AmazonECR/latest/userguide/ecr-eventbridge.html>

use serde_json::{Value, json};
use trainyard_domain::{
    Event, Scope,
    content::Digest,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::Changes;

use crate::{bus, ground::Ground};

/// Which image, and under which tag, if any.
pub(super) struct News {
    pub(super) scope: Scope,
    pub(super) repository: String,
    pub(super) digest: Digest,
    pub(super) media_type: Option<String>,
    pub(super) tag: Option<String>,
}

/// Tells, in the same commit, that an image or a tag has come or moved.
pub(super) fn pushed(
    changes: &mut Changes,
    ground: &Ground,
    news: &News,
) -> Result<(), trainyard_store::Error> {
    tell(changes, ground, news, "PUSH")
}

/// Tells, in the same commit, that an image or a tag has gone.
pub(super) fn deleted(
    changes: &mut Changes,
    ground: &Ground,
    news: &News,
) -> Result<(), trainyard_store::Error> {
    tell(changes, ground, news, "DELETE")
}

fn tell(
    changes: &mut Changes,
    ground: &Ground,
    news: &News,
    action: &str,
) -> Result<(), trainyard_store::Error> {
    let mut detail = json!({
        "result": "SUCCESS",
        "repository-name": news.repository,
        "image-digest": news.digest,
        "action-type": action,
    });
    let optional = [("manifest-media-type", &news.media_type), ("image-tag", &news.tag)];
    for (name, value) in optional {
        if let Some(value) = value {
            detail[name] = Value::from(value.as_str());
        }
    }
    let event = Event {
        id: ground.uuid(),
        scope: news.scope.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: ground.now(),
        source: "aws.ecr".to_owned(),
        detail_type: "ECR Image Action".to_owned(),
        way: Way::default(),
        // AWS's event names no resource either: rules match on the detail's repository-name.
        resources: Vec::new(),
        detail,
    };
    bus::tell(changes, &event)
}
