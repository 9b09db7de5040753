//! Resource policies: which services of AWS may write into an account's log groups.
//!
//! AWS writes nothing that no policy allows. Here a service that acts for the account itself writes what no policy
//! denies, as with queues: policies of identities are not evaluated either.
//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Changes, Expect, Keys, List, Noun};

use super::{Error, Logs};
use crate::{
    audit,
    policy::{Asker, Document, Request, Verdict},
};

/// There are at most so many in a region.
const MOST: usize = 10;
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
        let others = self.policies(scope).await?;
        if others.len() >= MOST && others.iter().all(|policy| policy.name != name) {
            return Err(Error::Limit);
        }
        let (name, updated) = (name.to_owned(), self.ground.now());
        let policy = LogPolicy { scope: scope.clone(), name, document, updated };
        let mut changes = Changes::new();
        changes.put(&policy, Expect::Any)?;
        audit::note(&mut changes, &self.ground, by, "logs:PutResourcePolicy", &policy.name)?;
        self.ground.store.commit(changes).await?;
        Ok(policy)
    }

    /// All policies of the account in the region, by name.
    pub async fn policies(&self, scope: &Scope) -> Result<Vec<LogPolicy>, Error> {
        let page = self.ground.store.list::<LogPolicy>(List::in_scope(scope).limit(MOST)).await?;
        Ok(page.items.into_iter().map(|held| held.value).collect())
    }

    /// Removes the policy.
    pub async fn delete_policy(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let key = scope.to_string();
        let held = self.ground.store.get::<LogPolicy>(&key, name).await?;
        let held = held.ok_or_else(|| Error::NoPolicy(name.to_owned()))?;
        let mut changes = Changes::new();
        changes.delete::<LogPolicy>(&key, name, Expect::Version(held.version));
        audit::note(&mut changes, &self.ground, by, "logs:DeleteResourcePolicy", name)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// What the scope's policies say, to be asked about several streams.
    pub(crate) async fn gate(&self, scope: &Scope) -> Result<Gate, Error> {
        let policies = self.policies(scope).await?;
        // Each was read when it was put.
        let documents = policies.iter().filter_map(|policy| Document::read(&policy.document).ok());
        Ok(Gate(documents.collect()))
    }
}

/// The policies of a scope at a moment.
pub(crate) struct Gate(Vec<Document>);

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
        self.0.iter().any(|document| document.judge(&request) == Verdict::Denied)
    }
}
