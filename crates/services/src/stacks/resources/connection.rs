//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-connection.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::Value;
use trainyard_domain::Arn;
use trainyard_lang::template::Physical;

use super::{Call, Kind, Order, named, physical};
use crate::{
    connections::{self, ConnectionRequest},
    ground::uuid_from,
    stacks::{
        Error, Neighbours,
        plan::name,
        shape::{Misfit, Shape, Text, read},
    },
};

pub(super) struct Connection;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Properties {
    name: Option<Text>,
    description: Option<Text>,
    authorization_type: Text,
    auth_parameters: Value,
}

fn request(properties: &Value) -> Result<ConnectionRequest, Misfit> {
    let read: Properties = read(properties)?;
    Ok(ConnectionRequest {
        name: read.name.map(|Text(name)| name).unwrap_or_default(),
        description: read.description.map(|Text(text)| text),
        authorization_type: Some(read.authorization_type.0),
        auth_parameters: Some(read.auth_parameters),
        whole: true,
        id: None,
    })
}

/// The id of what a stack makes: its ARN is known before it is there.
pub(super) fn id(order: &Order<'_>, name: &str) -> String {
    uuid_from(&[&order.stack.to_string(), order.logical_id, name])
}

/// What an ARN of a connection or a destination ends with.
pub(super) fn id_of(call: &Call<'_>) -> Option<String> {
    call.made.attributes.get("Arn")?.rsplit('/').next().map(str::to_owned)
}

#[async_trait]
impl Kind for Connection {
    fn name(&self) -> &'static str {
        "AWS::Events::Connection"
    }

    fn shape(&self) -> Shape {
        Shape::Map(&[
            ("Name", Shape::Any),
            ("Description", Shape::Any),
            ("AuthorizationType", Shape::Any),
            ("AuthParameters", Shape::Any),
        ])
    }

    fn plan(&self, order: &Order<'_>, properties: &Value) -> Result<(Physical, Value), Misfit> {
        let request = request(properties)?;
        let given = Some(Text(request.name.clone())).filter(|Text(name)| !name.is_empty());
        let name = name(given.as_ref(), order, 64);
        let whole = ConnectionRequest { name: name.clone(), ..request };
        whole.check().map_err(|error| Misfit::at(&[], error.to_string()))?;
        let resource = format!("connection/{name}/{}", id(order, &name));
        let arn = Arn::new("events", order.scope, resource).to_string();
        let attributes = [("Arn", arn.clone()), ("ArnForPolicy", arn)];
        Ok((physical(&name, attributes), named(properties, "Name", &name)))
    }

    async fn exists(&self, there: &Neighbours, call: &Call<'_>) -> Result<bool, Error> {
        match there.connections.describe(call.scope, &call.made.physical_id).await {
            Ok(_) => Ok(true),
            Err(connections::Error::NoConnection { .. }) => Ok(false),
            Err(error) => Err(Error::of(error)),
        }
    }

    async fn ensure(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        let request = request(&call.made.properties).map_err(|misfit| Error::Request(misfit.message))?;
        let done = if self.exists(there, call).await? {
            there.connections.update(call.scope, call.by, request).await
        } else {
            let request = ConnectionRequest { id: id_of(call), ..request };
            there.connections.create(call.scope, call.by, request).await
        };
        done.map(drop).map_err(Error::of)
    }

    async fn remove(&self, there: &Neighbours, call: &Call<'_>) -> Result<(), Error> {
        match there.connections.delete(call.scope, call.by, &call.made.physical_id).await {
            Ok(_) | Err(connections::Error::NoConnection { .. }) => Ok(()),
            Err(error) => Err(Error::of(error)),
        }
    }
}
