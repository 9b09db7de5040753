//! What a dead-letter queue is told of something that was given up: the part that rules and schedules share. Pure.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>

use serde::{Deserialize, Serialize};

const LONGEST_WORDS: usize = 2 * 1024;

/// Why something was given up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GivenUp {
    /// What was to be reached.
    pub target: String,
    /// The error's name.
    pub code: String,
    /// What it says.
    pub message: String,
    /// Which end of the patience was reached, where it is that.
    pub exhausted: Option<String>,
    /// After the first attempt.
    pub retries: u32,
}

impl GivenUp {
    /// As attributes of a message: texts all of them.
    pub fn attributes(&self) -> Vec<(&'static str, String)> {
        let words = |text: &str| shortened(text, LONGEST_WORDS, "unknown").to_owned();
        let mut attributes = vec![
            ("ERROR_CODE", words(&self.code)),
            ("ERROR_MESSAGE", words(&self.message)),
            ("RETRY_ATTEMPTS", self.retries.to_string()),
            ("TARGET_ARN", self.target.clone()),
        ];
        attributes.extend(self.exhausted.clone().map(|which| ("EXHAUSTED_RETRY_CONDITION", which)));
        attributes
    }
}

/// As much of a text as there is room for; a text that is empty cannot be sent.
pub(crate) fn shortened<'a>(text: &'a str, longest: usize, if_empty: &'static str) -> &'a str {
    if text.is_empty() { if_empty } else { &text[..text.floor_char_boundary(longest)] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_are_shortened_and_none_are_replaced() {
        let given_up = GivenUp {
            target: "arn:t".to_owned(),
            code: String::new(),
            message: "ü".repeat(2000),
            exhausted: None,
            retries: 3,
        };
        let attributes = given_up.attributes();
        let value =
            |name: &str| attributes.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value);
        assert_eq!(value("ERROR_CODE"), Some("unknown"));
        assert_eq!(value("ERROR_MESSAGE").map(str::len), Some(2048));
        assert_eq!((value("RETRY_ATTEMPTS"), value("EXHAUSTED_RETRY_CONDITION")), (Some("3"), None));
    }
}
