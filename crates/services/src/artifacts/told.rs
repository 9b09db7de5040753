//! What is told of the objects of a bucket, where its owner has asked for that.
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html>

use serde_json::{Value, json};
use trainyard_domain::{
    Event,
    event::{DEFAULT_BUS, Way},
};
use trainyard_store::{Changes, Error};

use super::{Bucket, Object, Place};
use crate::{bus, ground::Ground};

/// What made an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    /// Its bytes came in one go.
    Put,
    /// It was copied.
    Copy,
    /// It came in parts.
    Upload,
}

/// Tells, in the same commit, that an object has come, or come again; `before` is the version of what was there.
pub(super) fn created(
    changes: &mut Changes,
    ground: &Ground,
    bucket: &Bucket,
    (object, before, reason): (&Object, u64, Reason),
) -> Result<(), Error> {
    let reason = match reason {
        Reason::Put => "PutObject",
        Reason::Copy => "CopyObject",
        Reason::Upload => "CompleteMultipartUpload",
    };
    let shown = json!({"key": object.key, "size": object.content.size, "etag": object.etag});
    tell(changes, ground, bucket, ("Object Created", shown, before, json!({"reason": reason})))
}

/// Tells, in the same commit, that an object has gone.
pub(super) fn deleted(
    changes: &mut Changes,
    ground: &Ground,
    bucket: &Bucket,
    (place, before): (&Place, u64),
) -> Result<(), Error> {
    let how = json!({"reason": "DeleteObject", "deletion-type": "Permanently Deleted"});
    tell(changes, ground, bucket, ("Object Deleted", json!({"key": place.key}), before, how))
}

/// The address and the id of the request are not known in this room, and are left out.
fn tell(
    changes: &mut Changes,
    ground: &Ground,
    bucket: &Bucket,
    (detail_type, mut object, before, how): (&str, Value, u64, Value),
) -> Result<(), Error> {
    let now = ground.now();
    // Of two events of one object the later has the greater one, as text of the same length: at the same moment the
    // version of what was there before tells them apart.
    object["sequencer"] = format!("{:012X}{before:012X}", now.millis()).into();
    let mut detail = json!({
        "version": "0",
        "bucket": {"name": bucket.name},
        "object": object,
        "requester": bucket.owner.account,
    });
    if let (Some(detail), Value::Object(how)) = (detail.as_object_mut(), how) {
        detail.extend(how);
    }
    let event = Event {
        id: ground.uuid(),
        scope: bucket.owner.clone(),
        bus: DEFAULT_BUS.to_owned(),
        time: now,
        source: "aws.s3".to_owned(),
        detail_type: detail_type.to_owned(),
        way: Way::default(),
        resources: vec![format!("arn:aws:s3:::{}", bucket.name)],
        detail,
    };
    bus::tell(changes, &event)
}
