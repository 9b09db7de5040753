//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-apidestination.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_lang::template::Physical;

use super::{
    Call, Kind, Order,
    connection::{id, id_of},
    named, physical,
};
use crate::{
    connections::{self, DestinationRequest},
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Scalar, Shape, Text, read},
    },
};

pub(super) struct ApiDestination;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    name: Option<Text>,
    description: Option<Text>,
    connection_arn: Text,
    invocation_endpoint: Text,
    http_method: Text,
    invocation_rate_limit_per_second: Option<Scalar<u32>>,
}

fn request(properties: &Value) -> Result<DestinationRequest, Misfit> {
    let read: Properties = read(properties)?;
    Ok(DestinationRequest {
        name: read.name.map(|Text(name)| name).unwrap_or_default(),
        description: read.description.map(|Text(text)| text),
        connection_arn: Some(read.connection_arn.0),
        invocation_endpoint: Some(read.invocation_endpoint.0),
        http_method: Some(read.http_method.0),
        invocation_rate_limit_per_second: read.invocation_rate_limit_per_second.map(|Scalar(rate)| rate),
        whole: true,
        id: None,
    })
}

#[async_trait]
impl Kind for ApiDestination {
    fn name(&self) -> &'static str {
        "AWS::Events::ApiDestination"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("Name", Shape::Any),
            ("Description", Shape::Any),
            ("ConnectionArn", Shape::Any),
            ("InvocationEndpoint", Shape::Any),
            ("HttpMethod", Shape::Any),
            ("InvocationRateLimitPerSecond", Shape::Any),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let request = request(properties)?;
        let given = Some(Text(request.name.clone())).filter(|Text(name)| !name.is_empty());
        let name = name(given.as_ref(), order, 64);
        let whole = DestinationRequest { name: name.clone(), ..request };
        whole.check().map_err(|error| Misfit::at(&[], error.to_string()))?;
        let resource = format!("api-destination/{name}/{}", id(order, &name));
        let arn = Arn::new("events", order.scope, resource).to_string();
        let attributes = [("Arn", arn.clone()), ("ArnForPolicy", arn)];
        Ok((physical(&name, attributes), named(properties, "Name", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.connections.describe_destination(call.scope, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(connections::Error::NoDestination { .. }) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let request = request(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let done = if self.exists(there, call).await? {
            there.connections.update_destination(call.scope, call.by, request).await
        } else {
            let request = DestinationRequest { id: id_of(call), ..request };
            there.connections.create_destination(call.scope, call.by, request).await
        };
        done.map(drop).map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        match there.connections.delete_destination(call.scope, call.by, &call.made.physical_id).await {
            Ok(()) | Err(connections::Error::NoDestination { .. }) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
