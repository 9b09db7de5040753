//! Rules that start builds.
//! <https://docs.aws.amazon.com/codebuild/latest/userguide/cloudwatch-events-rule.html>

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::Arn;

use crate::{
    builds::{Builds, StartRequest},
    bus::{Delivery, DeliveryError, ErrorCode, Target},
    shape,
};

/// Starts a build whose id follows from the delivery, so that a delivery that comes again starts nothing.
pub struct CodeBuildProject(pub Builds);

#[async_trait]
impl Target for CodeBuildProject {
    fn takes(&self, arn: &Arn) -> bool {
        arn.service == "codebuild" && arn.resource_of("project").is_some()
    }

    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError> {
        let target = &delivery.target;
        let none = || DeliveryError::lasting(ErrorCode::NoResource, format!("{target} names no region"));
        let scope = target.scope().ok_or_else(none)?;
        if scope.account != delivery.scope.account {
            let words = format!("{target} is of another account");
            return Err(DeliveryError::lasting(ErrorCode::NoPermissions, words));
        }
        let name = delivery.target.resource_of("project").unwrap_or_default();
        let request = request(name, &delivery.input())
            .map_err(|why| DeliveryError::lasting(ErrorCode::InvalidParameter, why))?;
        let rule = delivery.rule.resource.rsplit('/').next().unwrap_or_default();
        match self.0.start_for_rule(&scope, &delivery.principal(), request, (rule, &delivery.id)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(DeliveryError::of(&error)),
        }
    }
}

/// The event itself says nothing to CodeBuild; an input of the user's own is StartBuild's, without the project.
fn request(project: &str, input: &Value) -> Result<StartRequest, String> {
    let mut input = match input {
        Value::Object(members) if !members.contains_key("detail-type") => members.clone(),
        _ => serde_json::Map::new(),
    };
    input.insert("projectName".to_owned(), project.into());
    shape::read(Value::Object(input)).map_err(|misfit| format!("the target's input: {misfit}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_event_is_no_input_of_a_build() {
        let check = |input: Value, expect: Option<&str>| {
            let request = request("train", &input).unwrap();
            assert_eq!((request.project_name.as_str(), request.source_version.as_deref()), ("train", expect));
        };
        check(json!({"detail-type": "Git Push", "detail": {}}), None);
        check(json!({"sourceVersion": "v1"}), Some("v1"));
        check(json!("text"), None);
        assert!(request("train", &json!({"nonsense": 1})).unwrap_err().contains("`nonsense`"));
    }
}
