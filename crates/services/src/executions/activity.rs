//! Activities: work that somebody outside fetches and answers. Making, showing and removing them.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-activities.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, List, Noun};

use super::{Error, Executions, names, query, settings::Encryption, tags};
use crate::audit;

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
        Ok(self.ground.store.commit(changes).await?)
    }
}
