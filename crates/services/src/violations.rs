//! AWS's words for values that its models do not allow: all of a request's at once. Pure.
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html>

/// What names of rules, buses and most other things are made of.
pub const NAME: &str = "[\\.\\-_A-Za-z0-9]+";

/// Whether the text is made of what [`NAME`] allows.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_".contains(&b))
}

/// What is wrong with a request.
#[derive(Debug, Default)]
pub struct Violations(Vec<String>);

impl Violations {
    /// The member's value breaks the rule, which goes on after "Member must".
    pub fn add(&mut self, value: &str, member: &str, rule: &str) {
        self.0
            .push(format!("Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"));
    }

    /// The value is not one that the pattern describes.
    pub fn pattern(&mut self, fits: bool, (value, member): (&str, &str), pattern: &str) {
        if !fits {
            self.add(value, member, &format!("satisfy regular expression pattern: {pattern}"));
        }
    }

    /// The value has fewer characters than `min` or more than `max`.
    pub fn length(&mut self, (value, member): (&str, &str), min: usize, max: usize) {
        let length = value.chars().count();
        if length < min {
            self.add(value, member, &format!("have length greater than or equal to {min}"));
        }
        if length > max {
            self.add(value, member, &format!("have length less than or equal to {max}"));
        }
    }

    /// The number is out of its range.
    pub fn range(&mut self, value: u32, member: &str, range: std::ops::RangeInclusive<u32>) {
        if value < *range.start() {
            self.add(
                &value.to_string(),
                member,
                &format!("have value greater than or equal to {}", range.start()),
            );
        }
        if value > *range.end() {
            self.add(
                &value.to_string(),
                member,
                &format!("have value less than or equal to {}", range.end()),
            );
        }
    }

    /// The same for what may be absent.
    pub fn optional(&mut self, value: Option<&str>, member: &str, min: usize, max: usize) {
        if let Some(value) = value {
            self.length((value, member), min, max);
        }
    }

    /// A name of at most `max` of the characters of [`NAME`].
    pub fn name(&mut self, name: &str, member: &str, max: usize) {
        self.pattern(is_name(name), (name, member), NAME);
        self.length((name, member), 1, max);
    }

    /// One of a few words.
    pub fn one_of(&mut self, value: &str, member: &str, known: &[&str]) {
        if !known.contains(&value) {
            self.add(value, member, &format!("satisfy enum value set: [{}]", known.join(", ")));
        }
    }

    /// The whole message, if there is anything to refuse.
    pub fn finish(self) -> Result<(), String> {
        let Self(all) = self;
        let count = match all.len() {
            0 => return Ok(()),
            1 => "1 validation error".to_owned(),
            count => format!("{count} validation errors"),
        };
        Err(format!("{count} detected: {}", all.join("; ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_is_wrong_is_said_in_the_order_of_the_model() {
        let mut violations = Violations::default();
        violations.name("a b", "name", 2);
        violations.one_of("C", "kind", &["A", "B"]);
        violations.optional(None, "description", 1, 2);
        let expect = "3 validation errors detected: \
            Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\.\\-_A-Za-z0-9]+; \
            Value 'a b' at 'name' failed to satisfy constraint: Member must have length less than or equal to 2; \
            Value 'C' at 'kind' failed to satisfy constraint: Member must satisfy enum value set: [A, B]";
        assert_eq!(violations.finish().unwrap_err(), expect);
        let mut violations = Violations::default();
        violations.name("a.b-c_D1", "name", 8);
        assert_eq!(violations.finish(), Ok(()));
    }
}
