//! Activities: work that somebody outside fetches and answers. Making, showing and removing them.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html>

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, List, Noun};

use super::{Error, Executions, names, query, settings::Encryption, tags};
use crate::{audit, ground::to_the_end};

/// One activity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// With which key its data are encrypted.
    #[serde(default)]
    pub encryption: Encryption,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
}

impl Activity {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        names::activity_arn(&self.scope, &self.name)
    }
}

impl Noun for Activity {
    const KIND: &'static str = "activity";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

/// The ARNs of activities that are known to be there, so that not each task asks the store; and how many were removed:
/// who has read of one meanwhile has not seen that it went.
#[derive(Default)]
pub(super) struct Present(Mutex<(u64, HashSet<String>)>);

impl Present {
    /// So many are kept in mind.
    const MOST: usize = 1000;

    fn known(&self) -> MutexGuard<'_, (u64, HashSet<String>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It was read after so many were removed.
    fn add(&self, arn: &str, removed: u64) {
        let (now, known) = &mut *self.known();
        if *now != removed {
            return;
        }
        if known.len() >= Self::MOST {
            known.clear();
        }
        known.insert(arn.to_owned());
    }

    fn remove(&self, arn: &str) {
        let (removed, known) = &mut *self.known();
        *removed += 1;
        known.remove(arn);
    }
}

impl Executions {
    /// Makes an activity. Making it again is no error and changes nothing, whatever its tags.
    pub async fn create_activity(
        &self,
        scope: &Scope,
        by: &Principal,
        name: String,
        (encryption, tags): (Encryption, Vec<(String, String)>),
    ) -> Result<Activity, Error> {
        names::check(&name)?;
        tags::check(&tags)?;
        encryption.check()?;
        let created = self.ground.now();
        let activity = Activity { scope: scope.clone(), name, created, encryption, tags };
        let mut changes = Changes::new();
        changes.put(&activity, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "states:CreateActivity", activity.arn())?;
        match self.ground.store.commit(changes).await {
            Ok(()) => return Ok(activity),
            Err(StoreError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
        let arn = activity.arn().to_string();
        match self.activity(&arn).await {
            Ok(there) if there.encryption == activity.encryption => Ok(there),
            Ok(_) => Err(Error::ActivityExists(arn)),
            Err(Error::NoActivity(_)) => Err(Error::Busy(arn)),
            Err(error) => Err(error),
        }
    }

    /// The activity of that ARN.
    pub async fn activity(&self, arn: &str) -> Result<Activity, Error> {
        let (scope, name) = names::activity(arn)?;
        let held = self.ground.store.get(&scope.to_string(), &name).await?;
        Ok(held.ok_or_else(|| Error::NoActivity(arn.to_owned()))?.value)
    }

    /// The ARN as the activity has it, if it is there.
    pub(super) async fn must_have_activity(&self, arn: &str) -> Result<String, Error> {
        let (scope, name) = names::activity(arn)?;
        let arn = names::activity_arn(&scope, &name).to_string();
        let removed = {
            let (removed, known) = &*self.counter.present.known();
            if known.contains(&arn) {
                return Ok(arn);
            }
            *removed
        };
        self.activity(&arn).await?;
        self.counter.present.add(&arn, removed);
        Ok(arn)
    }

    /// One page of the activities, by name.
    pub async fn list_activities(
        &self,
        scope: &Scope,
        limit: usize,
        after: Option<String>,
    ) -> Result<(Vec<Activity>, Option<String>), Error> {
        let page = self.ground.store.list(List::in_scope(scope).limit(limit).after(after)).await;
        let page = page.map_err(query::token)?;
        Ok((page.items.into_iter().map(|held| held.value).collect(), page.next))
    }

    /// Removes the activity. Nothing happens if there is none.
    pub async fn delete_activity(&self, by: &Principal, arn: &str) -> Result<(), Error> {
        let (scope, name) = names::activity(arn)?;
        let mut changes = Changes::new();
        changes.delete::<Activity>(&scope.to_string(), &name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "states:DeleteActivity", arn)?;
        let (room, arn) = (self.clone(), names::activity_arn(&scope, &name).to_string());
        to_the_end(async move {
            room.ground.store.commit(changes).await?;
            room.counter.present.remove(&arn);
            Ok(())
        })
        .await
    }
}
