//! Resource policies: which services of AWS may write into an account's log groups.
//!
//! AWS writes nothing that no policy allows. Here a service that acts for the account itself writes what no policy
//! denies, as with queues: policies of identities are not evaluated either.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tokio::sync::OwnedRwLockWriteGuard;
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, List, Noun};

use super::{Error, Logs};
use crate::{
    audit,
    ground::to_the_end,
    policy::{Asker, Document, Request, Verdict},
};

/// There are at most so many in a region.
const MOST: u64 = 10;
/// One has at most so many characters.
const LONGEST: usize = 5120;

/// A resource policy of an account in a region.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogPolicy {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// The policy, as JSON text.
    pub document: String,
    /// When it was put.
    pub updated: Timestamp,
}

impl Noun for LogPolicy {
    const KIND: &'static str = "log-policy";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Logs {
    /// Puts a policy, in place of the one of that name.
    pub async fn put_policy(
        &self,
        scope: &Scope,
        by: &Principal,
        name: &str,
        document: String,
    ) -> Result<LogPolicy, Error> {
        if name.is_empty() || document.is_empty() || document.chars().count() > LONGEST {
            let words =
                format!("policyName must be there, and policyDocument have 1 to {LONGEST} characters");
            return Err(Error::Invalid(words));
        }
        Document::read(&document).map_err(|why| Error::Invalid(format!("policyDocument: {why}")))?;
        // Nobody else puts one between the counting and the commit.
        let changing = Arc::clone(&self.policies_change).write_owned().await;
        let (there, _) = self.ground.store.weigh::<LogPolicy>(&scope.to_string()).await?;
        if there >= MOST && !self.has_policy(scope, name).await? {
            return Err(Error::Limit);
        }
        let (name, updated) = (name.to_owned(), self.ground.now());
        let policy = LogPolicy { scope: scope.clone(), name, document, updated };
        let mut changes = Changes::new();
        changes.put(&policy, Expect::Any)?;
        audit::note(&mut changes, &self.ground, by, "logs:PutResourcePolicy", &policy.name)?;
        self.change_policies(changing, changes).await?;
        Ok(policy)
    }

    /// All policies of the account in the region, by name: those that can be read.
    pub async fn policies(&self, scope: &Scope) -> Result<Vec<LogPolicy>, Error> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = self.ground.store.list::<LogPolicy>(List::in_scope(scope).after(after)).await?;
            all.extend(page.items.into_iter().map(|held| held.value));
            after = page.next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Whether there is such a policy: also one that cannot be read.
    async fn has_policy(&self, scope: &Scope, name: &str) -> Result<bool, Error> {
        match self.ground.store.get::<LogPolicy>(&scope.to_string(), name).await {
            Ok(held) => Ok(held.is_some()),
            Err(StoreError::Poisoned { .. }) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the policy, also one that cannot be read.
    pub async fn delete_policy(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let changing = Arc::clone(&self.policies_change).write_owned().await;
        if !self.has_policy(scope, name).await? {
            return Err(Error::NoPolicy(name.to_owned()));
        }
        let mut changes = Changes::new();
        changes.delete::<LogPolicy>(&scope.to_string(), name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "logs:DeleteResourcePolicy", name)?;
        self.change_policies(changing, changes).await
    }

    /// What the scope's policies say, to be asked about several streams. One that cannot be read denies everything:
    /// nobody knows what it says.
    pub(crate) async fn gate(&self, scope: &Scope) -> Result<Gate, Error> {
        // All of them as they are at one moment: otherwise one that was just put would count as one that is damaged.
        let _reading = self.policies_change.read().await;
        let policies = self.policies(scope).await?;
        let (there, _) = self.ground.store.weigh::<LogPolicy>(&scope.to_string()).await?;
        let mut documents: Vec<_> =
            policies.iter().map(|policy| Document::read(&policy.document).ok()).collect();
        if there > policies.len() as u64 {
            tracing::error!(%scope, "a resource policy of log groups cannot be read: services write nothing");
            documents.push(None);
        }
        Ok(Gate(documents))
    }

    /// Nobody else changes or judges before it is committed, also when the caller goes away meanwhile.
    async fn change_policies(
        &self,
        changing: OwnedRwLockWriteGuard<()>,
        changes: Changes,
    ) -> Result<(), Error> {
        let store = self.ground.store.clone();
        to_the_end(async move {
            let done = store.commit(changes).await;
            drop(changing);
            Ok(done?)
        })
        .await
    }
}

/// The policies of a scope at a moment; none for one that cannot be read.
pub(crate) struct Gate(Vec<Option<Document>>);

impl Gate {
    /// Whether a policy keeps the service from writing into the stream in the name of `source`.
    pub(crate) fn denies(&self, service: &str, (stream, source): (&Arn, &Arn)) -> bool {
        let request = Request {
            by: Asker::Service(service),
            action: "logs:PutLogEvents",
            resource: stream,
            source: Some(source),
            facts: &[],
        };
        let denies = |document: &Document| document.judge(&request) == Verdict::Denied;
        self.0.iter().any(|document| document.as_ref().is_none_or(denies))
    }
}
