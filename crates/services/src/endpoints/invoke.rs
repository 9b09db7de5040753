//! Invoking an endpoint: one request, to one of its copies.

use trainyard_domain::{
    Arn, Kind, Scope,
    serving::{Invocation, Reply},
};

use super::{Endpoints, Error, Generation, Status, route::Route};

/// A model's answer, and which variant gave it.
pub struct Invoked {
    /// The answer, whatever its status.
    pub reply: Reply,
    /// The variant.
    pub variant: String,
}

impl Endpoints {
    /// Hands the request to a copy, chosen by the weights, or to a copy of `variant`, if named.
    pub async fn invoke(
        &self,
        scope: &Scope,
        name: &str,
        variant: Option<&str>,
        invocation: Invocation,
    ) -> Result<Invoked, Error> {
        // Held until the answer is there: a copy that leaves waits for it.
        let route = self.route(scope, name, variant).await?;
        let answer = self.driver.invoke(&route.id, invocation).await;
        let reply = answer.map_err(|error| match error.kind {
            Kind::Timeout | Kind::Unavailable => Error::NoAnswer(error.message),
            _ => Error::Driver(error),
        })?;
        Ok(Invoked { reply, variant: route.variant.clone() })
    }

    async fn route(&self, scope: &Scope, name: &str, variant: Option<&str>) -> Result<Route, Error> {
        let arn = Arn::new("sagemaker", scope, format!("endpoint/{}", name.to_lowercase()));
        match self.traffic.route(&arn.to_string(), variant) {
            Some(route) => Ok(route),
            None => Err(self.no_route(scope, name, variant).await),
        }
    }

    /// Why nothing answers: in words that AWS uses where it has them.
    async fn no_route(&self, scope: &Scope, name: &str, variant: Option<&str>) -> Error {
        let account = &scope.account;
        let endpoint = match self.find(scope, name).await {
            Ok(held) => held.value,
            Err(Error::Store(error)) => return Error::Store(error),
            Err(_) => return Error::NotReady(format!("Endpoint {name} of account {account} not found.")),
        };
        let has =
            |generation: &Generation, variant| generation.copies.iter().any(|copy| copy.variant == variant);
        if let (Some(current), Some(variant)) = (&endpoint.current, variant)
            && !has(current, variant)
        {
            return Error::NotReady(format!("Variant {variant} not found for endpoint {name}."));
        }
        let status = endpoint.status;
        if endpoint.current.is_none() || status == Status::Deleting {
            return Error::NotReady(format!(
                "Endpoint {name} of account {account} does not answer now: its status is {status:?}."
            ));
        }
        // The server has just started and looks for its copies, or one has crashed: worth another try.
        Error::NoAnswer(format!(
            "Endpoint {name} of account {account} cannot answer at this moment: try again."
        ))
    }
}
