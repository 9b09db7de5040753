//! AWS's words for values that its model does not allow: all of a request's at once. Pure.

use super::Error;
use crate::violations;

const ENDPOINT: &str = "^((%[0-9A-Fa-f]{2}|[-()_.!~*';/?:@\\x26=+$,A-Za-z0-9])+)([).!';/?:,])?$";
/// What the ARN of a connection looks like.
const CONNECTION: &str = "^arn:aws([a-z]|\\-)*:events:([a-z]|\\d|\\-)*:([0-9]{12})?:connection\\/[\\.\\-_A-Za-z0-9]+\\/[\\-A-Za-z0-9]+$";

/// What is wrong with a request.
#[derive(Default)]
pub(super) struct Violations(violations::Violations);

impl Violations {
    fn add(&mut self, value: &str, member: &str, rule: &str) {
        self.0.add(value, member, rule);
    }

    /// The name of a connection or a destination.
    pub(super) fn name(&mut self, name: &str) {
        self.0.name(name, "name", 64);
    }

    /// A description.
    pub(super) fn description(&mut self, text: Option<&str>) {
        if text.is_some_and(|text| text.chars().count() > 512) {
            self.add("<description>", "description", "have length less than or equal to 512");
        }
    }

    /// The ARN of a connection.
    pub(super) fn connection_arn(&mut self, text: &str) {
        let legal = || {
            let arn: trainyard_domain::Arn = text.parse().ok()?;
            let (name, id) = arn.resource.strip_prefix("connection/")?.split_once('/')?;
            let of_name = |b: u8| b.is_ascii_alphanumeric() || b".-_".contains(&b);
            let of_id = |b: u8| b.is_ascii_alphanumeric() || b == b'-';
            let fits =
                !name.is_empty() && name.bytes().all(of_name) && !id.is_empty() && id.bytes().all(of_id);
            (arn.service == "events" && fits).then_some(())
        };
        if legal().is_none() {
            self.add(text, "connectionArn", &format!("satisfy regular expression pattern: {CONNECTION}"));
        }
    }

    /// One of a few words.
    pub(super) fn one_of(&mut self, value: &str, member: &str, known: &[&str]) {
        self.0.one_of(value, member, known);
    }

    /// A URL that does not even look like one.
    pub(super) fn endpoint(&mut self, value: &str, member: &str) {
        self.add(value, member, &format!("satisfy regular expression pattern: {ENDPOINT}"));
    }

    /// The name of a header.
    pub(super) fn header_name(&mut self, value: &str, member: &str) {
        if !is_token(value) {
            self.add(value, member, "satisfy regular expression pattern: ^[!#$%&'*+-.^_`|~0-9a-zA-Z]+$");
        }
    }

    /// A value that may be a secret: it is not repeated.
    pub(super) fn hidden(&mut self, fits: bool, member: &str) {
        if !fits {
            self.add("<hidden>", member, "be what a header can hold");
        }
    }

    /// A number that is too small.
    pub(super) fn at_least_one(&mut self, value: u32, member: &str) {
        if value < 1 {
            self.add(&value.to_string(), member, "have value greater than or equal to 1");
        }
    }

    /// Refuses, if there is anything to refuse.
    pub(super) fn finish(self) -> Result<(), Error> {
        self.0.finish().map_err(Error::Invalid)
    }
}

/// Whether the text has only characters of URLs.
pub(super) fn is_endpoint(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"-()_.!~*';/?:@&=+$,%".contains(&b);
    (1..=2048).contains(&text.len()) && text.bytes().all(legal)
}

/// Whether the text can be a header's name.
pub(super) fn is_token(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    (1..=512).contains(&text.len()) && text.bytes().all(legal)
}

/// Whether the text can be a header's value.
pub(super) fn is_header_value(text: &str) -> bool {
    text.len() <= 4096 && text.bytes().all(|b| b == b'\t' || (b' '..=b'~').contains(&b))
}
