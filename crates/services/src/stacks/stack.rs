//! A stack as it is remembered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

/// A stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// Its ARN, as CloudFormation writes it.
    pub id: Arn,
    /// What it is for.
    pub description: Option<String>,
    /// How it is.
    pub status: Status,
    /// Why it is so, after a failure.
    pub reason: Option<String>,
    /// The template that was deployed last and well.
    pub template: String,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The parameters whose values are secret.
    pub secret: Vec<String>,
    /// What it consists of.
    pub resources: Vec<Made>,
    /// What it tells.
    pub outputs: Vec<Output>,
    /// What is being done.
    pub plan: Option<Plan>,
    /// How many deployments it has had.
    pub deployments: u64,
    /// What has happened, the latest last.
    pub moments: Vec<Moment>,
    /// When it was first deployed.
    pub created: Timestamp,
    /// When it was changed last.
    pub updated: Timestamp,
}

/// A resource as it is, or is to be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Made {
    /// Its name in the template.
    pub logical_id: String,
    /// `AWS::S3::Bucket`.
    pub kind: String,
    /// Its name in the world: what `Ref` gives.
    pub physical_id: String,
    /// What `Fn::GetAtt` gives.
    pub attributes: BTreeMap<String, String>,
    /// Its properties, without functions.
    pub properties: Value,
}

/// What a stack tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Output {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// What it is for.
    pub description: Option<String>,
}

/// What is being done to a stack.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Forward to what is wanted, or back to what was there.
    pub direction: Direction,
    /// Who asked.
    pub by: Principal,
    /// The resources that are wanted, in the order in which they are made.
    pub wanted: Vec<Made>,
    /// What the stack will tell.
    pub outputs: Vec<Output>,
    /// The template.
    pub template: String,
    /// What it is for.
    pub description: Option<String>,
    /// The values of its parameters.
    pub parameters: BTreeMap<String, String>,
    /// The parameters whose values are secret.
    pub secret: Vec<String>,
}

/// Whither.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Direction {
    /// To what is wanted.
    Forward,
    /// To what was there before.
    Back,
}

/// CloudFormation's words for how a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It is being made.
    CreateInProgress,
    /// It is made.
    CreateComplete,
    /// It could not be made, and is being taken away.
    RollbackInProgress,
    /// It could not be made, and nothing of it is left: the next deployment begins anew.
    RollbackComplete,
    /// It is being changed.
    UpdateInProgress,
    /// It is changed.
    UpdateComplete,
    /// It could not be changed, and is being brought back.
    UpdateRollbackInProgress,
    /// It could not be changed, and is as it was.
    UpdateRollbackComplete,
    /// It could neither be changed nor brought back whole: deploy again.
    UpdateRollbackFailed,
}

/// Something that happened to a stack or a resource of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// When.
    pub at: Timestamp,
    /// The stack's name, or the resource's in the template.
    pub logical_id: String,
    /// `CREATE_COMPLETE`, `DELETE_FAILED` and so on.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
}

/// So many moments are remembered.
const MOST_MOMENTS: usize = 200;

impl Status {
    /// As CloudFormation writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateInProgress => "CREATE_IN_PROGRESS",
            Self::CreateComplete => "CREATE_COMPLETE",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackComplete => "ROLLBACK_COMPLETE",
            Self::UpdateInProgress => "UPDATE_IN_PROGRESS",
            Self::UpdateComplete => "UPDATE_COMPLETE",
            Self::UpdateRollbackInProgress => "UPDATE_ROLLBACK_IN_PROGRESS",
            Self::UpdateRollbackComplete => "UPDATE_ROLLBACK_COMPLETE",
            Self::UpdateRollbackFailed => "UPDATE_ROLLBACK_FAILED",
        }
    }

    /// Whether a deployment ended so as it should.
    pub fn is_good(self) -> bool {
        matches!(self, Self::CreateComplete | Self::UpdateComplete)
    }
}

impl Stack {
    /// Remembers that something happened.
    pub(super) fn note(&mut self, at: Timestamp, logical_id: &str, status: &str, reason: Option<String>) {
        let (logical_id, status) = (logical_id.to_owned(), status.to_owned());
        self.moments.push(Moment { at, logical_id, status, reason });
        let surplus = self.moments.len().saturating_sub(MOST_MOMENTS);
        self.moments.drain(..surplus);
    }

    /// Why the last deployment could not do what it should to a resource.
    pub fn failure_of(&self, logical_id: &str) -> Option<String> {
        let begun = self.moments.iter().rposition(|moment| {
            moment.logical_id == self.name
                && matches!(moment.status.as_str(), "CREATE_IN_PROGRESS" | "UPDATE_IN_PROGRESS")
        });
        let since = &self.moments[begun.unwrap_or_default()..];
        let failed = since.iter().find(|m| m.logical_id == logical_id && m.status.ends_with("_FAILED"));
        failed.and_then(|moment| moment.reason.clone())
    }

    /// Whether the stack is there: it has been made once and not been taken away.
    pub(super) fn is_there(&self) -> bool {
        !matches!(
            self.status,
            Status::CreateInProgress | Status::RollbackInProgress | Status::RollbackComplete
        )
    }
}

impl Noun for Stack {
    const KIND: &'static str = "stack";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}
