//! `DeployStack`: makes or changes a stack from a template and the files that it names, and answers when that has ended,
//! well or not. Values of parameters that are not given stay as they were.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_services::stacks::{Change, Deployment};

use super::stack::{OutputShape, StackName, outputs};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    stack_name: String,
    template_body: String,
    /// How findings name the template.
    #[serde(default = "template")]
    template_name: String,
    /// The texts of the files that the template names, by the paths that it names.
    #[serde(default)]
    definitions: BTreeMap<String, String>,
    #[serde(default)]
    parameters: BTreeMap<String, String>,
    /// Only says what would be done.
    #[serde(default)]
    dry_run: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(flatten)]
    stack: StackName,
    changes: Vec<ChangeShape>,
    outputs: Vec<OutputShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ChangeShape {
    action: &'static str,
    logical_id: String,
    resource_type: String,
    physical_id: String,
    /// Why it could not be done, if it could not.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

fn template() -> String {
    "template.yaml".to_owned()
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let asked = Deployment {
        stack: input.stack_name,
        template: input.template_body,
        file: input.template_name,
        definitions: input.definitions,
        parameters: input.parameters,
        dry_run: input.dry_run,
    };
    let deployed = context.services.stacks.deploy(&context.scope, &context.principal, asked).await?;
    let stack = &deployed.stack;
    let shown = |change: &Change| ChangeShape {
        action: change.action.as_str(),
        logical_id: change.resource.logical_id.clone(),
        resource_type: change.resource.kind.clone(),
        physical_id: change.resource.physical_id.clone(),
        failure: stack.failure_of(&change.resource.logical_id),
    };
    Ok(Output {
        changes: deployed.changes.iter().map(shown).collect(),
        outputs: outputs(stack),
        stack: StackName::of(stack),
    })
}
