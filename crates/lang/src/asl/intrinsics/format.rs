//! `States.Format(template, a, b, …)`: the template with each `{}` replaced.

use serde_json::Value;

use super::argument::text;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], scope: &Scope<'_>) -> Result<Value, String> {
    let template = text(arguments, 0)?;
    let mut values = arguments[1..].iter();
    let mut filled = String::with_capacity(template.len());
    let mut chars = template.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some('\\' | '{' | '}' | '\'')) => filled.extend(chars.next()),
            '{' if chars.peek() == Some(&'}') => {
                chars.next();
                let value = values.next().ok_or("There are more {} than arguments")?;
                scope.spend(value).map_err(|fault| fault.cause)?;
                write(value, &mut filled);
            }
            '{' | '}' => return Err("A { or } that is no {} needs a \\ before it".to_owned()),
            c => filled.push(c),
        }
    }
    match values.next() {
        Some(_) => Err("There are more arguments than {}".to_owned()),
        None => Ok(filled.into()),
    }
}

/// A value as AWS prints it: texts bare, objects as `{name=value}`.
fn write(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => out.push_str(text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                write(item, out);
            }
            out.push(']');
        }
        Value::Object(members) => {
            out.push('{');
            for (at, (name, member)) in members.iter().enumerate() {
                if at > 0 {
                    out.push_str(", ");
                }
                out.push_str(name);
                out.push('=');
                write(member, out);
            }
            out.push('}');
        }
        other => out.push_str(&other.to_string()),
    }
}
