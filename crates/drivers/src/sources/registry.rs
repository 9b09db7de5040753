//! Docker's registry, which notifies of what is pushed and deleted.
//! <https://distribution.github.io/distribution/about/notifications/>

use trainyard_domain::{
    Timestamp,
    hook::{Heard, HookCall, HookError, Notice},
    ports::Hook,
};

use super::{
    SOURCE,
    fields::{Detail, Fields, parse},
    proof::{as_text, is_same},
};

/// The registry's calls. It does not sign; it sends a header that only it and we know.
pub struct Registry;

/// The detail-type: the fields are those of "ECR Image Action", with the registry's name.
const IMAGE_ACTION: &str = "Registry Image Action";
const SCHEME: &str = "Bearer ";

impl Hook for Registry {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn secret(&self, random: &[u8; 32]) -> String {
        as_text(random)
    }

    fn advice(&self) -> &'static str {
        "in the registry's configuration: notifications.endpoints with this url and headers.Authorization: [Bearer SECRET]"
    }

    fn read(&self, call: &HookCall<'_>) -> Result<Heard, HookError> {
        verify(call)?;
        let body = parse(call.body)?;
        let mut heard = Heard::default();
        let (mut pulls, events) = (0, Fields::of(&body).items("events")?);
        for event in &events {
            match notice(event)? {
                Some(notice) => heard.notices.push(notice),
                None => pulls += 1,
            }
        }
        heard.remark =
            (pulls > 0).then(|| format!("{pulls} of {} events speak of no change of an image", events.len()));
        Ok(heard)
    }
}

fn verify(call: &HookCall<'_>) -> Result<(), HookError> {
    let refused = |why: &str| Err(HookError::Forbidden(why.to_owned()));
    let Some(given) = call.header("authorization").and_then(|value| value.strip_prefix(SCHEME)) else {
        return refused("the header Authorization is not `Bearer` and the hook's secret");
    };
    let same = |secret: &String| is_same(given.trim().as_bytes(), secret.as_bytes());
    let good = call.secrets.iter().fold(false, |good, secret| good | same(secret));
    if good { Ok(()) } else { refused("the token in the header Authorization is not the hook's secret") }
}

/// What an event tells; nothing where no manifest came or went.
fn notice(event: &Fields<'_>) -> Result<Option<Notice>, HookError> {
    let action = match event.text("action")? {
        "push" => "PUSH",
        "delete" => "DELETE",
        _ => return Ok(None),
    };
    let media_type = event.maybe("target.mediaType");
    let is_manifest =
        media_type.is_some_and(|kind| kind.contains("manifest") || kind.contains("image.index"));
    // Layers are pushed too, and are no image yet. What is deleted is told without a type.
    if action == "PUSH" && !is_manifest {
        return Ok(None);
    }
    let (repository, digest) = (event.text("target.repository")?, event.text("target.digest")?);
    let registry = event.maybe("request.host");
    let mut detail = Detail::default();
    detail.say("result", "SUCCESS").say("repository-name", repository).say("image-digest", digest);
    detail.maybe("image-tag", event.maybe("target.tag")).say("action-type", action);
    detail.maybe("manifest-media-type", media_type).maybe("registry", registry);
    detail.maybe("actor", event.maybe("actor.name").filter(|name| !name.is_empty()));
    Ok(Some(Notice {
        delivery: event.text("id")?.to_owned(),
        time: event.maybe("timestamp").and_then(|text| text.parse::<Timestamp>().ok()),
        source: SOURCE.to_owned(),
        detail_type: IMAGE_ACTION.to_owned(),
        resources: registry.map(|host| format!("{host}/{repository}@{digest}")).into_iter().collect(),
        detail: detail.done(),
    }))
}
