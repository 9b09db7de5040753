//! What a message may say. Pure.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html>

use base64::{Engine, engine::general_purpose::STANDARD};

use super::{Attribute, Error, Letter};

/// A message has at most so many attributes.
const MOST_ATTRIBUTES: usize = 10;

impl Letter {
    /// A letter with this body and nothing else.
    pub fn of(body: impl Into<String>) -> Self {
        Self { body: body.into(), ..Self::default() }
    }

    /// Refuses what cannot be sent, and says how many bytes it counts as: the body, and the attributes' names, types
    /// and values.
    pub(super) fn check(&self, largest: usize) -> Result<usize, Error> {
        if self.body.is_empty() {
            return Err(Error::Missing("MessageBody"));
        }
        check_text(&self.body)?;
        if self.attributes.len() > MOST_ATTRIBUTES {
            let words = format!(
                "Number of message attributes [{}] exceeds the allowed maximum [10].",
                self.attributes.len()
            );
            return Err(Error::Invalid(words));
        }
        let mut bytes = self.body.len();
        for (name, attribute) in &self.attributes {
            check_name(name)?;
            bytes += name.len() + attribute.data_type.len() + attribute.check(name)?;
        }
        if let Some(trace) = &self.trace
            && (trace.data_type != "String" || trace.string_value.is_none())
        {
            return Err(Error::Invalid(
                "Message system attribute name 'AWSTraceHeader' must have a value of type String.".to_owned(),
            ));
        }
        if bytes > largest {
            return Err(Error::Invalid(format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {largest} bytes."
            )));
        }
        Ok(bytes)
    }
}

impl Attribute {
    /// Refuses what is no value; says how many bytes it has.
    fn check(&self, name: &str) -> Result<usize, Error> {
        let wrong = |words: &str| Err(Error::Invalid(format!("The message attribute '{name}' {words}")));
        let kind = self.data_type.split('.').next().unwrap_or_default();
        if self.data_type.is_empty() {
            return wrong("must contain a non-empty message attribute type.");
        }
        if self.data_type.len() > 256 {
            return wrong("has a type that is longer than 256 bytes.");
        }
        match (kind, &self.string_value, &self.binary_value) {
            ("String" | "Number", Some(text), None) if !text.is_empty() => {
                check_text(text)?;
                if kind == "Number" && text.trim().parse::<f64>().is_err() {
                    return Err(Error::Invalid(format!(
                        "Can't cast the value of message (user) attribute '{name}' to a number."
                    )));
                }
                Ok(text.len())
            }
            ("Binary", None, Some(encoded)) => match STANDARD.decode(encoded) {
                Ok(bytes) if !bytes.is_empty() => Ok(bytes.len()),
                Ok(_) => wrong("must contain a non-empty message attribute value."),
                Err(_) => wrong("has a binary value that is not Base64."),
            },
            ("String" | "Number" | "Binary", Some(_), Some(_)) => wrong("has more than one value."),
            ("String" | "Number" | "Binary", ..) => wrong(&format!(
                "must contain a non-empty message attribute value for message attribute type '{kind}'."
            )),
            _ => wrong(
                "has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
            ),
        }
    }
}

fn check_name(name: &str) -> Result<(), Error> {
    let legal = |b: u8| b.is_ascii_alphanumeric() || b"_-.".contains(&b);
    let lower = name.to_ascii_lowercase();
    let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
    let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
    if name.is_empty() || name.len() > 256 || !name.bytes().all(legal) || reserved || dots {
        return Err(Error::Invalid(format!(
            "Message (user) attribute name '{name}' is invalid: it can have at most 256 of A-Z, a-z, 0-9, underscore (_), \
             hyphen (-) and period (.), no period at an end or beside another, and not AWS. or Amazon. as prefix."
        )));
    }
    Ok(())
}

fn check_text(text: &str) -> Result<(), Error> {
    let legal = |c: char| matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..);
    if text.chars().all(legal) { Ok(()) } else { Err(Error::Characters) }
}

/// Refuses what cannot be a group's or a deduplication id.
pub(super) fn check_order_id(name: &str, id: &str) -> Result<(), Error> {
    if id.is_empty() || id.len() > 128 || !id.bytes().all(|b| b.is_ascii_graphic()) {
        let reason =
            format!("{name} can only include alphanumeric and punctuation characters. 1 to 128 in length.");
        return Err(Error::parameter(id, name, &reason));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::refusal::Refusal;

    fn with(name: &str, kind: &str, text: Option<&str>, binary: Option<&str>) -> Letter {
        let attribute = Attribute {
            data_type: kind.to_owned(),
            string_value: text.map(str::to_owned),
            binary_value: binary.map(str::to_owned),
        };
        Letter { attributes: [(name.to_owned(), attribute)].into(), ..Letter::of("body") }
    }

    #[test]
    fn bytes_count_names_types_and_values() {
        assert_eq!(Letter::of("ü").check(10).unwrap(), 2);
        assert_eq!(with("ab", "String", Some("xyz"), None).check(100).unwrap(), 4 + 2 + 6 + 3);
        assert_eq!(with("ab", "Binary.gif", None, Some("AAAA")).check(100).unwrap(), 4 + 2 + 10 + 3);
        assert!(Letter::of("12345678901").check(10).is_err());
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let check = |letter: Letter, code: &str| assert_eq!(letter.check(1000).unwrap_err().code(), code);
        check(Letter::of(""), "MissingRequiredParameterException");
        check(Letter::of("a\u{0}"), "InvalidMessageContents");
        check(Letter::of("a\u{ffff}"), "InvalidMessageContents");
        for letter in [
            with("AWS.x", "String", Some("x"), None),
            with("a b", "String", Some("x"), None),
            with("a..b", "String", Some("x"), None),
            with("a", "Strings", Some("x"), None),
            with("a", "", Some("x"), None),
            with("a", "String", Some(""), None),
            with("a", "String", None, Some("AAAA")),
            with("a", "Number", Some("one"), None),
            with("a", "Binary", None, Some("%")),
        ] {
            check(letter, "InvalidParameterValueException");
        }
    }
}
