//! Amazon Resource Names.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::Scope;

/// `arn:<partition>:<service>:<region>:<account>:<resource>`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Arn {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// `states`, `sagemaker`, …
    pub service: String,
    /// Empty for global services.
    pub region: String,
    /// Empty for S3 buckets.
    pub account: String,
    /// All that follows, colons and slashes included.
    pub resource: String,
}

/// The text is not an ARN.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is not an ARN")]
pub struct NotAnArn(pub String);

impl Arn {
    /// An ARN in partition `aws`.
    pub fn new(service: &str, scope: &Scope, resource: impl Into<String>) -> Self {
        Self {
            partition: "aws".to_owned(),
            service: service.to_owned(),
            region: scope.region.to_string(),
            account: scope.account.to_string(),
            resource: resource.into(),
        }
    }

    /// The same without a region, for global services such as IAM.
    pub fn global(service: &str, scope: &Scope, resource: impl Into<String>) -> Self {
        Self { region: String::new(), ..Self::new(service, scope, resource) }
    }

    /// The scope, where the ARN names both account and region.
    pub fn scope(&self) -> Option<Scope> {
        Some(Scope { account: self.account.parse().ok()?, region: self.region.parse().ok()? })
    }

    /// The resource behind `<kind>/` or `<kind>:`, if it is of that kind.
    pub fn resource_of(&self, kind: &str) -> Option<&str> {
        self.resource.strip_prefix(kind)?.strip_prefix(['/', ':'])
    }
}

impl FromStr for Arn {
    type Err = NotAnArn;

    fn from_str(text: &str) -> Result<Self, NotAnArn> {
        let mut parts = text.splitn(6, ':');
        let mut next = || parts.next().ok_or_else(|| NotAnArn(text.to_owned()));
        let prefix = next()?;
        let arn = Self {
            partition: next()?.to_owned(),
            service: next()?.to_owned(),
            region: next()?.to_owned(),
            account: next()?.to_owned(),
            resource: next()?.to_owned(),
        };
        let whole = prefix == "arn" && !arn.partition.is_empty() && !arn.service.is_empty();
        if whole && !arn.resource.is_empty() { Ok(arn) } else { Err(NotAnArn(text.to_owned())) }
    }
}

impl TryFrom<String> for Arn {
    type Error = NotAnArn;
    fn try_from(text: String) -> Result<Self, NotAnArn> {
        text.parse()
    }
}

impl From<Arn> for String {
    fn from(arn: Arn) -> Self {
        arn.to_string()
    }
}

impl fmt::Display for Arn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { partition, service, region, account, resource } = self;
        write!(f, "arn:{partition}:{service}:{region}:{account}:{resource}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_colons_in_the_resource() {
        let text = "arn:aws:states:us-east-1:000000000000:execution:train:a:b";
        let arn: Arn = text.parse().unwrap();
        assert_eq!(arn.resource_of("execution"), Some("train:a:b"));
        assert_eq!(arn.to_string(), text);
        assert!("arn:aws:states:us-east-1:000000000000".parse::<Arn>().is_err());
    }
}
