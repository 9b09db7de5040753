//! GitHub, which calls when somebody pushes or when a pull request changes.
//! <https://docs.github.com/en/webhooks/webhook-events-and-payloads>

use trainyard_domain::{
    hook::{Heard, HookCall, HookError, Notice},
    ports::Hook,
};
use url::form_urlencoded;

use super::{
    SOURCE,
    fields::{Detail, Fields, parse},
    proof::{as_text, from_hex, is_same, mac},
};

/// GitHub's calls, of its own cloud or of a company's server.
pub struct GitHub;

const PUSH: &str = "Git Push";
const PULL_REQUEST: &str = "Git Pull Request";
/// The commit of a branch that is not there.
const NO_COMMIT: &str = "0000000000000000000000000000000000000000";
/// So many bytes of names of changed files are told: an event must stay small enough for its targets.
const NAMES: usize = 64 * 1024;
/// So many characters of a message or title are told.
const LONGEST_TEXT: usize = 4096;

impl Hook for GitHub {
    fn name(&self) -> &'static str {
        "github"
    }

    fn secret(&self, random: &[u8; 32]) -> String {
        as_text(random)
    }

    fn advice(&self) -> &'static str {
        "in the repository's or organization's settings: Webhooks, content type application/json, pushes and pull requests"
    }

    fn read(&self, call: &HookCall<'_>) -> Result<Heard, HookError> {
        verify(call)?;
        let header = |name: &str| {
            call.header(name).ok_or_else(|| HookError::Malformed(format!("the header {name} is missing")))
        };
        let (event, delivery) = (header("x-github-event")?, header("x-github-delivery")?);
        let body =
            match call.header("content-type").map(|kind| kind.split(';').next().unwrap_or_default().trim()) {
                Some("application/x-www-form-urlencoded") => parse(payload(call.body)?.as_bytes())?,
                _ => parse(call.body)?,
            };
        let body = Fields::of(&body);
        let (detail_type, detail) = match event {
            "push" => (PUSH, push(&body)?),
            "pull_request" => (PULL_REQUEST, pull_request(&body)?),
            "ping" => return Ok(passed_over("a ping is answered by this")),
            other => return Ok(passed_over(&format!("events of type `{other}` are not told"))),
        };
        let mut detail = detail;
        detail.say("hook", call.hook);
        let notice = Notice {
            delivery: delivery.to_owned(),
            time: None,
            source: SOURCE.to_owned(),
            detail_type: detail_type.to_owned(),
            resources: vec![body.text("repository.html_url")?.to_owned()],
            detail: detail.done(),
        };
        Ok(Heard { notices: vec![notice], remark: None })
    }
}

fn passed_over(why: &str) -> Heard {
    Heard { notices: Vec::new(), remark: Some(why.to_owned()) }
}

/// <https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries>
fn verify(call: &HookCall<'_>) -> Result<(), HookError> {
    let refused = |why: &str| Err(HookError::Forbidden(why.to_owned()));
    let Some(given) = call.header("x-hub-signature-256") else {
        return refused("the header X-Hub-Signature-256 is missing: give the webhook the hook's secret");
    };
    let Some(signature) = given.strip_prefix("sha256=").and_then(from_hex) else {
        return refused("the header X-Hub-Signature-256 is not `sha256=` and 64 hexadecimal digits");
    };
    let signed = |secret: &String| {
        mac(secret.as_bytes(), &[call.body]).is_some_and(|expect| is_same(&signature, &expect))
    };
    if call.secrets.iter().fold(false, |good, secret| good | signed(secret)) {
        return Ok(());
    }
    refused("X-Hub-Signature-256 is not that of this body by the hook's secret")
}

/// The JSON in a form.
fn payload(body: &[u8]) -> Result<String, HookError> {
    let found = form_urlencoded::parse(body).find(|(name, _)| name == "payload");
    found
        .map(|(_, text)| text.into_owned())
        .ok_or_else(|| HookError::Malformed("the form in the body has no `payload`".to_owned()))
}

/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#push>
fn push(body: &Fields<'_>) -> Result<Detail, HookError> {
    let mut detail = repository(body)?;
    let name = body.text("ref")?;
    detail.say("ref", name);
    detail.maybe("branch", name.strip_prefix("refs/heads/")).maybe("tag", name.strip_prefix("refs/tags/"));
    let commit =
        |member: &str| body.text(member).map(|commit| Some(commit).filter(|commit| *commit != NO_COMMIT));
    let (before, after) = (commit("before")?, commit("after")?);
    let event = match (before, after) {
        (None, _) => "created",
        (_, None) => "deleted",
        _ => "updated",
    };
    detail.say("event", event).maybe("before", before).maybe("after", after).say("forced", body.is("forced"));
    detail.maybe("pusher", body.maybe("sender.login").or_else(|| body.maybe("pusher.name")));
    detail.maybe("pusher-id", body.find("sender.id").map(|id| id.value().to_string()));
    detail.maybe("message", body.maybe("head_commit.message").map(cut));
    let (files, omitted) = changed(body)?;
    detail.say("files", files).say("files-omitted", omitted);
    Ok(detail)
}

/// The names of all files that the push's commits changed, each once, and how many were too many.
fn changed(body: &Fields<'_>) -> Result<(Vec<String>, u64), HookError> {
    let mut names = std::collections::BTreeSet::new();
    for commit in body.items("commits")? {
        for member in ["added", "modified", "removed"] {
            names.extend(commit.texts(member)?);
        }
    }
    let (mut room, mut files, mut omitted) = (NAMES, Vec::new(), 0);
    for name in names {
        match room.checked_sub(name.len()) {
            Some(left) => {
                room = left;
                files.push(name.to_owned());
            }
            None => omitted += 1,
        }
    }
    Ok((files, omitted))
}

/// <https://docs.github.com/en/webhooks/webhook-events-and-payloads#pull_request>
fn pull_request(body: &Fields<'_>) -> Result<Detail, HookError> {
    let mut detail = repository(body)?;
    let action = body.text("action")?;
    let merged = body.is("pull_request.merged");
    // CodeBuild's names for what can start a build.
    let event = match action {
        "opened" => Some("created"),
        "synchronize" => Some("updated"),
        "reopened" => Some("reopened"),
        "closed" if merged => Some("merged"),
        "closed" => Some("closed"),
        _ => None,
    };
    detail.say("action", action).maybe("event", event).say("number", body.number("pull_request.number")?);
    detail.say("title", cut(body.text("pull_request.title")?)).say("merged", merged);
    detail.say("draft", body.is("pull_request.draft"));
    detail.say("head-branch", body.text("pull_request.head.ref")?);
    detail.say("head-commit", body.text("pull_request.head.sha")?);
    // A fork that is gone has no name any more.
    detail.maybe("head-repository", body.maybe("pull_request.head.repo.full_name"));
    detail.say("base-branch", body.text("pull_request.base.ref")?);
    detail.say("base-commit", body.text("pull_request.base.sha")?);
    detail.maybe("merge-commit", body.maybe("pull_request.merge_commit_sha").filter(|_| merged));
    let labels: Result<Vec<&str>, HookError> =
        body.items("pull_request.labels")?.iter().map(|label| label.text("name")).collect();
    detail.say("labels", labels?).maybe("label", body.maybe("label.name"));
    detail.maybe("author", body.maybe("pull_request.user.login"));
    detail.maybe("actor", body.maybe("sender.login"));
    detail.maybe("actor-id", body.find("sender.id").map(|id| id.value().to_string()));
    detail.maybe("link", body.maybe("pull_request.html_url"));
    Ok(detail)
}

/// What every event says first: which repository, and where it is cloned from.
fn repository(body: &Fields<'_>) -> Result<Detail, HookError> {
    let url = body.text("repository.clone_url")?;
    let host = url::Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host =
        host.ok_or_else(|| HookError::Malformed("the member `repository.clone_url` is no URL".to_owned()))?;
    let mut detail = Detail::default();
    detail.say("host", host).say("repository", body.text("repository.full_name")?).say("url", url);
    Ok(detail)
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}
