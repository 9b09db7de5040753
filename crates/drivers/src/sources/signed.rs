//! Calls of any program, signed as the Standard Webhooks specification has it: id and time are under the signature,
//! so that nobody sends again what somebody else sent before.
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use std::time::Duration;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use trainyard_domain::{
    Timestamp,
    hook::{Heard, HookCall, HookError, Notice},
    ports::Hook,
};

use super::{
    fields::parse,
    proof::{is_same, mac},
};

/// Any program's calls.
pub struct Signed;

/// What secrets of this specification begin with; the rest is the key in Base64.
const PREFIX: &str = "whsec_";
/// What signatures with a shared secret begin with.
const VERSION: &str = "v1,";
/// So many signatures are looked at: a sender has one for each of its secrets while one takes the place of another.
const MOST_SIGNATURES: usize = 16;
/// So far another machine's clock may be from ours.
const SKEW: Duration = Duration::from_secs(300);
/// What happened where the body has no `type`.
const UNTYPED: &str = "Web Hook";
/// EventBridge's own bound of a detail-type.
const LONGEST_TYPE: usize = 128;

impl Hook for Signed {
    fn name(&self) -> &'static str {
        "signed"
    }

    fn secret(&self, random: &[u8; 32]) -> String {
        format!("{PREFIX}{}", STANDARD.encode(random))
    }

    fn advice(&self) -> &'static str {
        "sign as Standard Webhooks does: webhook-id, webhook-timestamp and webhook-signature; any library of it will do"
    }

    fn read(&self, call: &HookCall<'_>) -> Result<Heard, HookError> {
        let (id, time) = verified(call)?;
        let detail = parse(call.body)?;
        let detail_type = match detail.get("type") {
            None => UNTYPED,
            Some(Value::String(text)) if (1..=LONGEST_TYPE).contains(&text.chars().count()) => text,
            Some(_) => {
                let why = format!("the member `type` is no text of 1 to {LONGEST_TYPE} characters");
                return Err(HookError::Malformed(why));
            }
        };
        let notice = Notice {
            delivery: id.to_owned(),
            time: Some(time),
            source: format!("{}.hook.{}", super::SOURCE, call.hook),
            detail_type: detail_type.to_owned(),
            resources: Vec::new(),
            detail,
        };
        Ok(Heard { notices: vec![notice], remark: None })
    }
}

/// The call's id and time, if the sender knows a secret and sent it just now.
fn verified<'a>(call: &HookCall<'a>) -> Result<(&'a str, Timestamp), HookError> {
    let header = |name: &str| {
        let value = call.headers.iter().find(|(there, _)| there == name).map(|(_, value)| value.as_str());
        value.ok_or_else(|| HookError::Forbidden(format!("the header {name} is missing")))
    };
    let (id, seconds) = (header("webhook-id")?, header("webhook-timestamp")?);
    let given = header("webhook-signature")?;
    if given.split(' ').count() > MOST_SIGNATURES {
        let why = format!("the header webhook-signature has more than {MOST_SIGNATURES} signatures");
        return Err(HookError::Forbidden(why));
    }
    let signatures: Vec<Vec<u8>> =
        given.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix(VERSION)?).ok()).collect();
    let pieces = [id.as_bytes(), b".", seconds.as_bytes(), b".", call.body];
    let keys = call.secrets.iter().filter_map(|secret| STANDARD.decode(secret.strip_prefix(PREFIX)?).ok());
    let good = keys.filter_map(|key| mac(&key, &pieces)).fold(false, |good, expect| {
        signatures.iter().fold(good, |good, given| good | is_same(given, &expect))
    });
    if !good {
        let why = "webhook-signature is not that of this id, time and body by the hook's secret";
        return Err(HookError::Forbidden(why.to_owned()));
    }
    let time = seconds.parse::<i64>().ok().and_then(|seconds| Some(Timestamp(seconds.checked_mul(1000)?)));
    let time =
        time.ok_or_else(|| HookError::Forbidden("webhook-timestamp is no number of seconds".to_owned()))?;
    if time.since(call.now) > SKEW || call.now.since(time) > SKEW {
        let why = format!(
            "webhook-timestamp is {time}, and here it is {}: a call must come within {} s of its time",
            call.now,
            SKEW.as_secs()
        );
        return Err(HookError::Forbidden(why));
    }
    Ok((id, time))
}
