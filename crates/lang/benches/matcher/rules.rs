//! Rules about lots, each with what it means in Rust: that is where the expected counts come from.

use serde_json::{Value, json};

use crate::city::{Dice, Lot, STREETS};

/// A pattern, and whether a lot is one that it waits for.
pub(crate) struct Rule {
    pub(crate) pattern: Value,
    pub(crate) wants: Box<dyn Fn(&Lot) -> bool>,
}

fn rule(pattern: Value, wants: impl Fn(&Lot) -> bool + 'static) -> Rule {
    Rule { pattern, wants: Box::new(wants) }
}

fn lot(test: Value) -> Value {
    json!({"properties": {"MAPBLKLOT": [test]}})
}

fn street(test: Value) -> Value {
    json!({"properties": {"STREET": [test]}})
}

const LOTS: [&str; 5] = ["1430022", "2607117", "0012198", "3745012", "7999199"];
const NAMES: [&str; 5] = ["FULTON", "MASON", "LAKE", "HYDE", "SAN DIEGO"];
const MIXED: [&str; 5] = ["fUlton", "Mason", "lAKE", "hyde", "San Diego"];
const BEGINS: [&str; 5] = ["AC", "BL", "DR", "FU", "RH"];
const ENDS: [&str; 5] = ["ON", "KE", "MM", "ING", "GO"];

fn each(of: [&'static str; 5], make: fn(&'static str) -> Rule) -> Vec<Rule> {
    of.into_iter().map(make).collect()
}

/// Five rules of each kind, as event-ruler measures itself with.
pub(crate) fn sets() -> Vec<(&'static str, Vec<Rule>)> {
    let mut sets = vec![
        ("EXACT", each(LOTS, |this| rule(lot(json!(this)), move |at| at.lot == this))),
        ("WILDCARD", wildcards(|these| these)),
        (
            "PREFIX",
            each(BEGINS, |this| rule(street(json!({"prefix": this})), move |at| at.street.starts_with(this))),
        ),
        (
            "PREFIX_EQUALS_IGNORE_CASE",
            each(["aC", "bl", "Dr", "fU", "RH"], |this| {
                rule(street(json!({"prefix": {"equals-ignore-case": this}})), move |at| {
                    at.street.starts_with(&this.to_uppercase())
                })
            }),
        ),
        (
            "SUFFIX",
            each(ENDS, |this| rule(street(json!({"suffix": this})), move |at| at.street.ends_with(this))),
        ),
        (
            "SUFFIX_EQUALS_IGNORE_CASE",
            each(["oN", "ke", "Mm", "iNg", "GO"], |this| {
                rule(street(json!({"suffix": {"equals-ignore-case": this}})), move |at| {
                    at.street.ends_with(&this.to_uppercase())
                })
            }),
        ),
        (
            "EQUALS_IGNORE_CASE",
            each(MIXED, |this| {
                rule(street(json!({"equals-ignore-case": this})), move |at| {
                    at.street.eq_ignore_ascii_case(this)
                })
            }),
        ),
        ("NUMERIC", numeric("firstCoordinates", |at, fits| fits(at.points[0].0))),
        ("COMPLEX_ARRAYS", numeric("coordinates", |at, fits| at.points.iter().any(|(x, _)| fits(*x)))),
    ];
    sets.extend(negations());
    sets
}

/// All but those of a kind.
fn negations() -> Vec<(&'static str, Vec<Rule>)> {
    vec![
        (
            "ANYTHING_BUT",
            each(NAMES, |this| rule(street(json!({"anything-but": [this]})), move |at| at.street != this)),
        ),
        (
            "ANYTHING_BUT_IGNORE_CASE",
            each(MIXED, |this| {
                rule(street(json!({"anything-but": {"equals-ignore-case": this}})), move |at| {
                    !at.street.eq_ignore_ascii_case(this)
                })
            }),
        ),
        (
            "ANYTHING_BUT_PREFIX",
            each(BEGINS, |this| {
                rule(street(json!({"anything-but": {"prefix": this}})), move |at| {
                    !at.street.starts_with(this)
                })
            }),
        ),
        (
            "ANYTHING_BUT_SUFFIX",
            each(ENDS, |this| {
                rule(street(json!({"anything-but": {"suffix": this}})), move |at| !at.street.ends_with(this))
            }),
        ),
        ("ANYTHING_BUT_WILDCARD", wildcards(|these| json!({"anything-but": these}))),
    ]
}

/// All rules of all sets together.
pub(crate) fn combination() -> Vec<Rule> {
    sets().into_iter().flat_map(|(_, rules)| rules).collect()
}

/// Five wildcards, or what is made of them: all but those that fit.
fn wildcards(make: fn(Value) -> Value) -> Vec<Rule> {
    let but = make(Value::Null) != Value::Null;
    let one = |text: &'static str, fits: fn(&str) -> bool| {
        rule(lot(make(json!({"wildcard": text}))), move |at| fits(&at.lot) != but)
    };
    vec![
        one("143*", |lot| lot.starts_with("143")),
        one("2*0*1*7", |lot| {
            let inner = lot.strip_prefix('2').and_then(|rest| rest.strip_suffix('7'));
            inner.and_then(|inner| inner.split_once('0')).is_some_and(|(_, behind)| behind.contains('1'))
        }),
        one("*218", |lot| lot.ends_with("218")),
        one("3*5*2", |lot| lot.starts_with('3') && lot.ends_with('2') && lot[1..6].contains('5')),
        one("*00*1*", |lot| lot.split_once("00").is_some_and(|(_, behind)| behind.contains('1'))),
    ]
}

/// Whether a test holds for one of the numbers of a lot.
type Any = fn(&Lot, &dyn Fn(f64) -> bool) -> bool;

fn numeric(field: &'static str, any: Any) -> Vec<Rule> {
    let of = |test: Value, fits: fn(f64) -> bool| {
        let pattern = json!({"geometry": {field: {"x": [{"numeric": test}]}}});
        rule(pattern, move |at| any(at, &fits))
    };
    vec![
        rule(json!({"geometry": {"type": ["MultiPolygon"], field: {"z": [{"numeric": ["=", 0]}]}}}), |at| {
            at.multi
        }),
        rule(
            json!({"geometry": {"type": ["Polygon"], field: {"x": [{"numeric": ["=", -122.429_163_609_223_55]}]}}}),
            move |at| !at.multi && any(at, &|x| x == -122.429_163_609_223_55),
        ),
        of(json!(["<", -122.416_009_440_124_24]), |x| x < -122.416_009_440_124_24),
        of(json!([">", -122.416_009_440_124_24]), |x| x > -122.416_009_440_124_24),
        of(json!([">", -122.464_712_670_812_72, "<", -122.406_308_512_839_5]), |x| {
            x > -122.464_712_670_812_72 && x < -122.406_308_512_839_5
        }),
    ]
}

/// Rules of ten kinds in turn, most of them about few lots.
pub(crate) fn mixed(count: u32) -> Vec<Rule> {
    let mut dice = Dice::new(7);
    (0..count).map(|at| one_of_mixed(at % 10, &mut dice)).collect()
}

fn one_of_mixed(kind: u32, dice: &mut Dice) -> Rule {
    let (block, number, from) = (dice.below(8000), dice.below(200), 1 + dice.below(4999));
    let name = STREETS[dice.below(STREETS.len() as u32) as usize];
    let whole = format!("{block:04}{number:03}");
    let lower = name.to_lowercase();
    let x = -122.36 - f64::from(dice.below(150_000)) / 1e6;
    match kind {
        0 => rule(lot(json!(whole)), move |at| at.lot == whole),
        1 => rule(json!({"properties": {"STREET": [name], "FROM_ST": [from.to_string()]}}), move |at| {
            at.street == name && at.from == from
        }),
        2 => rule(lot(json!({"prefix": whole[..5]})), move |at| at.lot.starts_with(&whole[..5])),
        3 => rule(lot(json!({"suffix": whole[3..]})), move |at| at.lot.ends_with(&whole[3..])),
        4 => rule(
            json!({"properties": {"STREET": [{"equals-ignore-case": lower}], "BLOCK_NUM": [whole[..4]]}}),
            move |at| at.street == name && at.lot[..4] == whole[..4],
        ),
        5 => rule(lot(json!({"wildcard": format!("{}*{}", &whole[..3], &whole[6..])})), move |at| {
            at.lot.starts_with(&whole[..3]) && at.lot.ends_with(&whole[6..])
        }),
        6 => rule(
            json!({"geometry": {"firstCoordinates": {"x": [{"numeric": [">=", x, "<", x + 2e-5]}]}}}),
            move |at| at.points[0].0 >= x && at.points[0].0 < x + 2e-5,
        ),
        7 => rule(
            json!({"properties": {"STREET": [{"anything-but": name}], "BLOCK_NUM": [whole[..4]], "ODD_EVEN": ["E"]}}),
            move |at| at.street != name && at.lot[..4] == whole[..4] && !at.odd,
        ),
        8 => rule(
            json!({"geometry": {"type": ["Polygon"], "coordinates": {"x": [{"numeric": [">", x, "<", x + 1e-5]}]}}}),
            move |at| !at.multi && at.points.iter().any(|(at, _)| *at > x && *at < x + 1e-5),
        ),
        _ => rule(lot(json!({"wildcard": format!("*{}*{}*", &whole[1..4], &whole[5..])})), move |at| {
            let found = at.lot.find(&whole[1..4]);
            found.is_some_and(|found| at.lot[found + 3..].contains(&whole[5..]))
        }),
    }
}
