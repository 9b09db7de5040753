//! `$now(picture, timezone)`: the time as a text.

use jsonata_core::{evaluator::Evaluator, parser, value::JValue};

use super::{Answer, Chance, argument::fault};

/// The same as `$fromMillis` of the time of the evaluation.
pub(super) fn apply(args: &[JValue], chance: &Chance) -> Answer {
    let mut evaluator = Evaluator::new();
    let ast = match args.len() {
        0 => parser::parse("$fromMillis(now)"),
        1 => parser::parse("$fromMillis(now, picture)"),
        _ => parser::parse("$fromMillis(now, picture, zone)"),
    };
    let mut given = vec![("now".to_owned(), JValue::from_f64(chance.now as f64))];
    let names = ["picture", "zone"].into_iter().map(str::to_owned);
    given.extend(names.zip(args.iter().cloned()));
    let ast = ast.map_err(|why| fault(why.to_string()))?;
    evaluator.evaluate(&ast, &JValue::object(given.into_iter().collect()))
}
