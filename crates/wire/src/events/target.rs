//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_Target.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use trainyard_domain::Arn;
use trainyard_services::bus::{HttpParameters, Patience, RuleTarget, Shape};

use crate::ApiError;

/// A target on the wire.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TargetShape {
    id: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_path: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_transformer: Option<Transformer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sqs_parameters: Option<SqsParameters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_policy: Option<RetryPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    http_parameters: Option<HttpShape>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Transformer {
    #[serde(default)]
    input_paths_map: Map<String, Value>,
    input_template: String,
}

#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
struct HttpShape {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    path_parameter_values: Vec<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    header_parameters: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    query_string_parameters: BTreeMap<String, String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct SqsParameters {
    message_group_id: Option<String>,
}

/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeadLetterConfig.html>
#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct DeadLetters {
    arn: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct RetryPolicy {
    maximum_retry_attempts: Option<u32>,
    maximum_event_age_in_seconds: Option<u32>,
}

impl TargetShape {
    /// The target as the bus knows it.
    pub(super) fn read(self) -> Result<RuleTarget, ApiError> {
        let shape = self.shape()?;
        Ok(RuleTarget {
            arn: arn(&self.arn)?,
            role: self.role_arn.as_deref().filter(|text| !text.is_empty()).map(arn).transpose()?,
            group: self.sqs_parameters.and_then(|parameters| parameters.message_group_id),
            shape,
            patience: self.retry_policy.map_or(Patience::default(), RetryPolicy::read),
            letters: self.dead_letter_config.and_then(|of| of.arn).as_deref().map(arn).transpose()?,
            http: self.http_parameters.map(HttpShape::read),
            id: self.id,
        })
    }

    fn shape(&self) -> Result<Shape, ApiError> {
        match (&self.input, &self.input_path, &self.input_transformer) {
            (None, None, None) => Ok(Shape::Whole),
            (Some(input), None, None) => Ok(Shape::Constant(input.clone())),
            (None, Some(path), None) => Ok(Shape::Part(path.clone())),
            (None, None, Some(transformer)) => transformer.read(),
            _ => {
                let id = &self.id;
                Err(invalid(format!(
                    "Only one of Input, InputPath, or InputTransformer must be provided for target {id}."
                )))
            }
        }
    }
}

impl Transformer {
    fn read(&self) -> Result<Shape, ApiError> {
        let mut paths = Vec::new();
        for (name, path) in &self.input_paths_map {
            let Value::String(path) = path else {
                return Err(invalid(format!("InputPathsMap.{name} is not a path.")));
            };
            paths.push((name.clone(), path.clone()));
        }
        Ok(Shape::Template { paths, template: self.input_template.clone() })
    }
}

impl HttpShape {
    fn read(self) -> HttpParameters {
        HttpParameters {
            path: self.path_parameter_values,
            headers: self.header_parameters.into_iter().collect(),
            query: self.query_string_parameters.into_iter().collect(),
        }
    }
}

impl From<HttpParameters> for HttpShape {
    fn from(http: HttpParameters) -> Self {
        Self {
            path_parameter_values: http.path,
            header_parameters: http.headers.into_iter().collect(),
            query_string_parameters: http.query.into_iter().collect(),
        }
    }
}

impl RetryPolicy {
    fn read(self) -> Patience {
        let usual = Patience::default();
        Patience {
            retries: self.maximum_retry_attempts.unwrap_or(usual.retries),
            seconds: self.maximum_event_age_in_seconds.unwrap_or(usual.seconds),
        }
    }
}

impl From<RuleTarget> for TargetShape {
    fn from(target: RuleTarget) -> Self {
        let RuleTarget { id, arn, role, group, shape, patience, letters, http } = target;
        let retry_policy = (patience != Patience::default()).then_some(RetryPolicy {
            maximum_retry_attempts: Some(patience.retries),
            maximum_event_age_in_seconds: Some(patience.seconds),
        });
        let plain = Self {
            id,
            arn: arn.to_string(),
            role_arn: role.map(|role| role.to_string()),
            retry_policy,
            dead_letter_config: letters.map(|arn| DeadLetters { arn: Some(arn.to_string()) }),
            sqs_parameters: group.map(|group| SqsParameters { message_group_id: Some(group) }),
            http_parameters: http.map(HttpShape::from),
            ..Self::default()
        };
        match shape {
            Shape::Whole => plain,
            Shape::Constant(input) => Self { input: Some(input), ..plain },
            Shape::Part(path) => Self { input_path: Some(path), ..plain },
            Shape::Template { paths, template } => {
                let input_paths_map = paths.into_iter().map(|(name, path)| (name, path.into())).collect();
                let transformer = Transformer { input_paths_map, input_template: template };
                Self { input_transformer: Some(transformer), ..plain }
            }
        }
    }
}

fn arn(text: &str) -> Result<Arn, ApiError> {
    text.parse().map_err(|_| {
        invalid(format!("Parameter {text} is not valid. Reason: Provided Arn is not in correct format."))
    })
}

fn invalid(message: String) -> ApiError {
    ApiError::invalid("ValidationException", message)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(target: Value) {
        let read: TargetShape = serde_json::from_value(target.clone()).unwrap();
        let shown = TargetShape::from(read.read().unwrap());
        assert_eq!(serde_json::to_value(shown).unwrap(), target);
    }

    #[test]
    fn what_is_put_is_shown() {
        let arn = "arn:aws:states:us-east-1:000000000000:stateMachine:m";
        let role = "arn:aws:iam::000000000000:role/r";
        check(json!({"Id": "a", "Arn": arn, "RoleArn": role}));
        check(json!({"Id": "a", "Arn": arn, "SqsParameters": {"MessageGroupId": "g"}}));
        check(json!({"Id": "a", "Arn": arn, "Input": "{}"}));
        check(json!({"Id": "a", "Arn": arn, "InputPath": "$.detail"}));
        check(json!({
            "Id": "a", "Arn": arn,
            "InputTransformer": {"InputPathsMap": {"x": "$.detail"}, "InputTemplate": "<x>"},
            "RetryPolicy": {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 60},
            "DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:dead"},
        }));
        check(json!({
            "Id": "a", "Arn": "arn:aws:events:us-east-1:000000000000:api-destination/d/1", "RoleArn": role,
            "HttpParameters": {
                "PathParameterValues": ["$.detail.id"],
                "HeaderParameters": {"X-A": "1"},
                "QueryStringParameters": {"q": "2"},
            },
        }));
    }

    #[test]
    fn what_is_not_done_is_refused_by_name() {
        let refuse = |more: Value| {
            let mut target =
                json!({"Id": "a", "Arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m"});
            target.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            match serde_json::from_value::<TargetShape>(target) {
                Ok(read) => read.read().map(drop).unwrap_err().to_string(),
                Err(error) => error.to_string(),
            }
        };
        assert!(refuse(json!({"DeadLetterConfig": {"Arn": "x"}})).contains("Parameter x is not valid"));
        assert!(refuse(json!({"Input": "{}", "InputPath": "$"})).contains("Only one of"));
        assert!(refuse(json!({"Arn": "nowhere"})).contains("nowhere"));
    }
}
