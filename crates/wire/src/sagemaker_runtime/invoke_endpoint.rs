//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html>

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::{Kind, serving::Invocation};
use trainyard_services::endpoints::Invoked;

use crate::{ApiError, Context};

/// The members as a task has them. A body that is JSON is sent as its text.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    endpoint_name: String,
    body: Value,
    #[serde(default)]
    content_type: Option<String>,
    #[serde(default)]
    accept: Option<String>,
    #[serde(default)]
    custom_attributes: Option<String>,
    #[serde(default)]
    target_variant: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let body = match input.body {
        Value::String(text) => Bytes::from(text),
        body => Bytes::from(body.to_string()),
    };
    let (content_type, accept, custom_attributes) =
        (input.content_type, input.accept, input.custom_attributes);
    let invocation = Invocation { content_type, accept, custom_attributes, body };
    let invoked = invoke(context, &input.endpoint_name, input.target_variant.as_deref(), invocation).await?;
    let reply = invoked.reply;
    let text = String::from_utf8(reply.body.to_vec()).map_err(|_| {
        ApiError::invalid("ValidationError", "the model's answer is not text: a task cannot take it")
    })?;
    let mut answer = json!({"Body": text, "InvokedProductionVariant": invoked.variant});
    for (name, value) in [("ContentType", reply.content_type), ("CustomAttributes", reply.custom_attributes)]
    {
        if let (Some(members), Some(value)) = (answer.as_object_mut(), value) {
            members.insert(name.to_owned(), json!(value));
        }
    }
    Ok(answer)
}

/// The model's answer; one whose status is not 2xx is the error `ModelError`.
pub(super) async fn invoke(
    context: &Context,
    endpoint: &str,
    variant: Option<&str>,
    invocation: Invocation,
) -> Result<Invoked, ApiError> {
    let invoked = context.services.endpoints.invoke(&context.scope, endpoint, variant, invocation).await?;
    let status = invoked.reply.status;
    if (200..300).contains(&status) {
        return Ok(invoked);
    }
    let said = String::from_utf8_lossy(&invoked.reply.body).into_owned();
    let (region, account) = (&context.scope.region, &context.scope.account);
    let stream = format!("arn:aws:logs:{region}:{account}:log-group:/aws/sagemaker/Endpoints/{endpoint}");
    let message = format!(
        "Received client error ({status}) from {} with message \"{said}\". See /aws/sagemaker/Endpoints/{endpoint} in account {account} for more information.",
        invoked.variant
    );
    Err(ApiError::new(Kind::Invalid, "ModelError", message)
        .with("OriginalStatusCode", status)
        .with("OriginalMessage", said)
        .with("LogStreamArn", stream))
}
