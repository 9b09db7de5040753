//! Endpoints.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, header};
use serde::Deserialize;
use serde_json::json;

use super::{Answered, SAGEMAKER, logs::Place};
use crate::client::Client;

/// An endpoint.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Endpoint {
    /// Its name.
    pub endpoint_name: String,
    /// `Creating`, `Updating`, `InService`, `Failed`, …
    pub endpoint_status: String,
    /// The configuration that it serves.
    pub endpoint_config_name: Option<String>,
    /// Why it failed.
    pub failure_reason: Option<String>,
    /// When it was changed last, in seconds since 1970.
    pub last_modified_time: f64,
}

impl Endpoint {
    /// Whether nothing changes by itself any more.
    pub(crate) fn is_settled(&self) -> bool {
        !matches!(
            self.endpoint_status.as_str(),
            "Creating" | "Updating" | "SystemUpdating" | "RollingBack" | "Deleting"
        )
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> Place {
        log(&self.endpoint_name)
    }
}

/// Where the log of an endpoint is.
pub(crate) fn log(name: &str) -> Place {
    Place { group: format!("/aws/sagemaker/Endpoints/{name}"), prefix: String::new() }
}

/// All endpoints, by name.
pub(crate) async fn list(client: &Client) -> Answered<Vec<Endpoint>> {
    let mut endpoints: Vec<Endpoint> = SAGEMAKER.all(client, "ListEndpoints", json!({}), "Endpoints").await?;
    endpoints.sort_by(|a, b| a.endpoint_name.cmp(&b.endpoint_name));
    Ok(endpoints)
}

/// The endpoint of that name.
pub(crate) async fn get(client: &Client, name: &str) -> Answered<Option<Endpoint>> {
    let answer = SAGEMAKER.ask(client, "DescribeEndpoint", json!({"EndpointName": name})).await;
    super::there(answer, &["ValidationException", "ResourceNotFound"])
}

/// The model version behind the endpoint, if it serves one: `arn:…:model-package/<group>/<version>`.
pub(crate) async fn package(client: &Client, endpoint: &Endpoint) -> Answered<Option<String>> {
    let Some(config) = &endpoint.endpoint_config_name else { return Ok(None) };
    let input = json!({"EndpointConfigName": config});
    let config: serde_json::Value = SAGEMAKER.ask(client, "DescribeEndpointConfig", input).await?;
    let model = config.pointer("/ProductionVariants/0/ModelName").and_then(|name| name.as_str());
    let Some(model) = model else { return Ok(None) };
    let model: serde_json::Value =
        SAGEMAKER.ask(client, "DescribeModel", json!({"ModelName": model})).await?;
    let package = ["/PrimaryContainer/ModelPackageName", "/Containers/0/ModelPackageName"]
        .into_iter()
        .find_map(|path| model.pointer(path)?.as_str());
    Ok(package.map(str::to_owned))
}

/// Asks the endpoint for predictions.
pub(crate) async fn invoke(client: &Client, name: &str, csv: String) -> Answered<String> {
    let mut headers = HeaderMap::new();
    for name in [header::CONTENT_TYPE, header::ACCEPT] {
        headers.insert(name, HeaderValue::from_static("text/csv"));
    }
    let path = format!("/endpoints/{name}/invocations");
    let answer = client.signed("sagemaker", (Method::POST, &path), headers, Bytes::from(csv)).await?;
    Ok(String::from_utf8_lossy(&answer.body).trim().to_owned())
}
