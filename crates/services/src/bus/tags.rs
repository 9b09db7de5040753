//! Tags of buses and rules.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-tagging.html>

use trainyard_domain::{Arn, Principal, Scope, event::DEFAULT_BUS};

use super::{Bus, Error};
use crate::violations::Violations;

/// A thing has at most so many tags.
const MOST_TAGS: usize = 50;

type Tags = Vec<(String, String)>;

/// What can have tags.
enum Tagged<'a> {
    Bus(&'a str),
    Rule { bus: &'a str, name: &'a str },
}

impl Bus {
    /// The thing's tags.
    pub async fn tags(&self, scope: &Scope, arn: &str) -> Result<Tags, Error> {
        let arn = own(scope, arn)?;
        match tagged(&arn)? {
            Tagged::Bus(name) => Ok(self.describe_bus(scope, Some(name)).await?.tags),
            Tagged::Rule { bus, name } => Ok(self.describe_rule(scope, Some(bus), name).await?.tags),
        }
    }

    /// Gives the thing tags, in place of those of the same keys.
    pub async fn tag(&self, scope: &Scope, by: &Principal, arn: &str, new: Tags) -> Result<(), Error> {
        let mut wrong = Violations::default();
        violations(&new, &mut wrong);
        wrong.finish().map_err(Error::Invalid)?;
        self.change_tags(scope, (by, "events:TagResource"), arn, |tags| {
            for (key, value) in new {
                match tags.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, old)) => *old = value,
                    None => tags.push((key, value)),
                }
            }
            if tags.len() > MOST_TAGS { Err(Error::Limit) } else { Ok(()) }
        })
        .await
    }

    /// Takes tags off the thing; keys that it does not have do not matter.
    pub async fn untag(
        &self,
        scope: &Scope,
        by: &Principal,
        arn: &str,
        keys: &[String],
    ) -> Result<(), Error> {
        self.change_tags(scope, (by, "events:UntagResource"), arn, |tags| {
            tags.retain(|(key, _)| !keys.contains(key));
            Ok(())
        })
        .await
    }

    async fn change_tags(
        &self,
        scope: &Scope,
        act: (&Principal, &str),
        arn: &str,
        change: impl FnOnce(&mut Tags) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let arn = own(scope, arn)?;
        match tagged(&arn)? {
            Tagged::Bus(name) => {
                self.change_bus(scope, Some(name), act, |bus| change(&mut bus.tags)).await.map(drop)
            }
            Tagged::Rule { bus, name } => {
                self.change_rule(scope, (Some(bus), name), act, |rule| change(&mut rule.tags)).await
            }
        }
    }
}

fn own(scope: &Scope, text: &str) -> Result<Arn, Error> {
    let arn: Arn = text.parse().map_err(|_| Error::not_an_arn(text))?;
    if arn.service == "events" && arn.scope().as_ref() == Some(scope) {
        return Ok(arn);
    }
    Err(Error::not_an_arn(text))
}

fn tagged(arn: &Arn) -> Result<Tagged<'_>, Error> {
    if let Some(name) = arn.resource.strip_prefix("event-bus/") {
        return Ok(Tagged::Bus(name));
    }
    let rule = arn.resource.strip_prefix("rule/").ok_or_else(|| Error::not_an_arn(&arn.to_string()))?;
    Ok(match rule.split_once('/') {
        Some((bus, name)) => Tagged::Rule { bus, name },
        None => Tagged::Rule { bus: DEFAULT_BUS, name: rule },
    })
}

/// What is wrong with tags that are given.
pub(super) fn violations(tags: &[(String, String)], wrong: &mut Violations) {
    for (at, (key, value)) in tags.iter().enumerate() {
        wrong.length((key, &format!("tags.{}.member.key", at + 1)), 1, 128);
        wrong.length((value, &format!("tags.{}.member.value", at + 1)), 0, 256);
    }
}
