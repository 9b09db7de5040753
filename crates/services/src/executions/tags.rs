//! Tags of state machines and activities.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html>

use trainyard_domain::Principal;
use trainyard_store::{Changes, Expect, Held};

use super::{
    Error, Executions,
    activity::Activity,
    machine::StateMachine,
    machines::busy,
    names::{self, Qualified},
};
use crate::audit;

type Tags = Vec<(String, String)>;

const MOST: usize = 50;

/// Whether there are not too many.
pub(super) fn check(tags: &Tags) -> Result<(), Error> {
    if tags.len() > MOST { Err(Error::TooManyTags(MOST)) } else { Ok(()) }
}

/// What may have tags.
enum Tagged {
    Machine(Held<StateMachine>),
    Activity(Held<Activity>),
}

impl Executions {
    /// The tags of the state machine or activity.
    pub async fn tags(&self, arn: &str) -> Result<Tags, Error> {
        Ok(match self.tagged(arn).await? {
            Tagged::Machine(held) => held.value.tags,
            Tagged::Activity(held) => held.value.tags,
        })
    }

    /// Puts tags on a state machine or activity, in place of those with the same keys, and takes the tags of `gone`
    /// off it.
    pub async fn tag(&self, by: &Principal, arn: &str, tags: Tags, gone: &[String]) -> Result<(), Error> {
        let mut changes = Changes::new();
        match self.tagged(arn).await? {
            Tagged::Machine(Held { version, mut value }) => {
                value.tags = changed(value.tags, tags, gone)?;
                changes.put(&value, Expect::Version(version))?;
            }
            Tagged::Activity(Held { version, mut value }) => {
                value.tags = changed(value.tags, tags, gone)?;
                changes.put(&value, Expect::Version(version))?;
            }
        }
        let action = if gone.is_empty() { "states:TagResource" } else { "states:UntagResource" };
        audit::note(&mut changes, &self.ground, by, action, arn)?;
        self.ground.store.commit(changes).await.map_err(|error| busy(error, arn))
    }

    async fn tagged(&self, arn: &str) -> Result<Tagged, Error> {
        let missing = || Error::NoResource(format!("Resource not found: '{arn}'"));
        if let Ok((scope, name)) = names::activity(arn) {
            let held = self.ground.store.get(&scope.to_string(), &name).await?;
            return held.map(Tagged::Activity).ok_or_else(missing);
        }
        match names::qualified(arn)? {
            Qualified { scope, machine, qualifier: None } => {
                let held = self.ground.store.get(&scope.to_string(), &machine).await?;
                held.map(Tagged::Machine).ok_or_else(missing)
            }
            // Versions and aliases have none.
            Qualified { qualifier: Some(_), .. } => Err(missing()),
        }
    }
}

fn changed(mut there: Tags, new: Tags, gone: &[String]) -> Result<Tags, Error> {
    there.retain(|(key, _)| !gone.contains(key));
    for (key, value) in new {
        match there.iter_mut().find(|(other, _)| *other == key) {
            Some((_, old)) => *old = value,
            None => there.push((key, value)),
        }
    }
    check(&there)?;
    Ok(there)
}
