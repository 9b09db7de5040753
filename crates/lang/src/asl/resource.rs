//! What a Task state calls.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The `Resource` of a Task.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/integrate-services.html>
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Resource {
    /// An optimised integration, such as `arn:aws:states:::sagemaker:createTrainingJob.sync`.
    Service(Action),
    /// Any operation of AWS's SDK, such as `arn:aws:states:::aws-sdk:s3:getObject`.
    Sdk(Action),
    /// A Lambda function by its own ARN.
    Function(String),
    /// An activity: a worker of the user's own fetches the task.
    Activity(String),
}

/// An action of a service and how its end is waited for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Action {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// The service: `sagemaker`, `s3`, …
    pub service: String,
    /// The action: `createTrainingJob`, …
    pub action: String,
    /// How the task ends.
    pub pattern: Pattern,
}

/// How a Task waits for what it has asked for.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// The answer of the call is the result.
    RequestResponse,
    /// `.sync`: the job that the call started has ended.
    Sync,
    /// `.sync:2`: the same with JSON in place of text in the result.
    Sync2,
    /// `.waitForTaskToken`: somebody answers with the token.
    WaitForTaskToken,
}

/// The text is no resource of a Task.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{text}` is not a resource of a Task state: {why}")]
pub struct NotAResource {
    text: String,
    why: &'static str,
}

impl Pattern {
    /// The suffix that asks for it.
    pub fn suffix(self) -> &'static str {
        match self {
            Self::RequestResponse => "",
            Self::Sync => ".sync",
            Self::Sync2 => ".sync:2",
            Self::WaitForTaskToken => ".waitForTaskToken",
        }
    }

    /// Whether the task goes on after the call was answered: the answer is then `TaskSubmitted`.
    pub fn waits(self) -> bool {
        self != Self::RequestResponse
    }
}

impl Resource {
    /// `resourceType` of history events: `sagemaker`, `aws-sdk:s3`, `lambda`.
    pub fn resource_type(&self) -> String {
        match self {
            Self::Service(action) => action.service.clone(),
            Self::Sdk(action) => format!("aws-sdk:{}", action.service),
            Self::Function(_) => "lambda".to_owned(),
            Self::Activity(_) => "activity".to_owned(),
        }
    }

    /// `resource` of history events: `createTrainingJob.sync`, or the ARN itself.
    pub fn resource(&self) -> String {
        match self {
            Self::Service(action) | Self::Sdk(action) => {
                format!("{}{}", action.action, action.pattern.suffix())
            }
            Self::Function(arn) | Self::Activity(arn) => arn.clone(),
        }
    }

    /// How the task ends.
    pub fn pattern(&self) -> Pattern {
        match self {
            Self::Service(action) | Self::Sdk(action) => action.pattern,
            Self::Function(_) | Self::Activity(_) => Pattern::RequestResponse,
        }
    }
}

impl FromStr for Resource {
    type Err = NotAResource;

    fn from_str(text: &str) -> Result<Self, NotAResource> {
        let wrong = |why| NotAResource { text: text.to_owned(), why };
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let [prefix, partition, service, region, account, rest] = parts[..] else {
            return Err(wrong("it is not an ARN"));
        };
        if prefix != "arn" || partition.is_empty() || service.is_empty() || rest.is_empty() {
            return Err(wrong("it is not an ARN"));
        }
        if !region.is_empty() || !account.is_empty() {
            let named = |prefix: &str| rest.strip_prefix(prefix).is_some_and(|name| !name.is_empty());
            return match service {
                "lambda" if named("function:") => Ok(Self::Function(text.to_owned())),
                "states" if named("activity:") => Ok(Self::Activity(text.to_owned())),
                _ => Err(wrong("it names neither a function nor an activity")),
            };
        }
        if service != "states" {
            return Err(wrong("it names no integration of Step Functions"));
        }
        let (sdk, rest) = match rest.strip_prefix("aws-sdk:") {
            Some(rest) => (true, rest),
            None => (false, rest),
        };
        let (service, action) = rest.split_once(':').ok_or_else(|| wrong("it names no action"))?;
        let (action, suffix) = action.split_once('.').map_or((action, None), |(a, s)| (a, Some(s)));
        let pattern = match suffix {
            None => Pattern::RequestResponse,
            Some("waitForTaskToken") => Pattern::WaitForTaskToken,
            Some("sync") if !sdk => Pattern::Sync,
            Some("sync:2") if !sdk => Pattern::Sync2,
            Some("sync" | "sync:2") => {
                return Err(wrong("aws-sdk integrations cannot be waited for with .sync"));
            }
            Some(_) => return Err(wrong("its suffix is none of .sync, .sync:2, .waitForTaskToken")),
        };
        let name = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !name(service) || !name(action) {
            return Err(wrong("its service or action is no name"));
        }
        let action = Action {
            partition: partition.to_owned(),
            service: service.to_owned(),
            action: action.to_owned(),
            pattern,
        };
        Ok(if sdk { Self::Sdk(action) } else { Self::Service(action) })
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sdk, action) = match self {
            Self::Service(action) => ("", action),
            Self::Sdk(action) => ("aws-sdk:", action),
            Self::Function(arn) | Self::Activity(arn) => return f.write_str(arn),
        };
        let Action { partition, service, action, pattern } = action;
        write!(f, "arn:{partition}:states:::{sdk}{service}:{action}{}", pattern.suffix())
    }
}

impl TryFrom<String> for Resource {
    type Error = NotAResource;
    fn try_from(text: String) -> Result<Self, NotAResource> {
        text.parse()
    }
}

impl From<Resource> for String {
    fn from(resource: Resource) -> Self {
        resource.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, resource_type: &str, resource: &str, pattern: Pattern) {
        let read: Resource = text.parse().unwrap();
        assert_eq!((read.resource_type().as_str(), read.resource().as_str()), (resource_type, resource));
        assert_eq!(read.pattern(), pattern);
        assert_eq!(read.to_string(), text);
    }

    #[test]
    fn reads_every_kind() {
        check("arn:aws:states:::sqs:sendMessage", "sqs", "sendMessage", Pattern::RequestResponse);
        check(
            "arn:aws:states:::states:startExecution.sync:2",
            "states",
            "startExecution.sync:2",
            Pattern::Sync2,
        );
        check(
            "arn:aws:states:::aws-sdk:s3:getObject.waitForTaskToken",
            "aws-sdk:s3",
            "getObject.waitForTaskToken",
            Pattern::WaitForTaskToken,
        );
        let function = "arn:aws:lambda:us-east-1:000000000000:function:f";
        check(function, "lambda", function, Pattern::RequestResponse);
        let activity = "arn:aws:states:us-east-1:000000000000:activity:a";
        check(activity, "activity", activity, Pattern::RequestResponse);
    }

    #[test]
    fn refuses_the_rest() {
        for bad in [
            "",
            "arn:aws:states",
            "arn:aws:states:::s3",
            "arn:aws:states:::aws-sdk:s3:getObject.sync",
            "arn:aws:states:::sqs:sendMessage.later",
            "arn:aws:states:::sqs:",
            "arn:aws:sqs:::sendMessage",
            "arn:aws:states:us-east-1:000000000000:activity:",
            "arn:aws:batch:us-east-1:000000000000:job:j",
        ] {
            assert!(bad.parse::<Resource>().is_err(), "{bad}");
        }
    }
}
