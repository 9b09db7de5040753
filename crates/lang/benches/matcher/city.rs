//! Events about lots of a city: what each is about is known before it is written, so that every count is known too.

use std::fmt::Write;

/// What an event is about.
#[derive(Clone, Debug)]
pub(crate) struct Lot {
    /// Seven digits: the block and the lot.
    pub(crate) lot: String,
    pub(crate) street: &'static str,
    pub(crate) street_type: Option<&'static str>,
    pub(crate) from: u32,
    pub(crate) odd: bool,
    pub(crate) multi: bool,
    /// x and y of each point.
    pub(crate) points: Vec<(f64, f64)>,
}

pub(crate) const STREETS: &[&str] = &[
    "MISSION",
    "VALENCIA",
    "GEARY",
    "BALBOA",
    "FULTON",
    "FUNSTON",
    "MASON",
    "MASONIC",
    "ACADIA",
    "BLANCHE",
    "DRUMMOND",
    "RHODES",
    "JEFFERSON",
    "LAKE",
    "GRIMM",
    "STERLING",
    "SAN DIEGO",
    "BEACH",
    "HYDE",
    "CHESTNUT",
    "NORIEGA",
    "ORTEGA",
    "PACHECO",
    "QUINTARA",
    "RIVERA",
    "SANTIAGO",
    "TARAVAL",
    "ULLOA",
    "VICENTE",
    "WAWONA",
];
const TYPES: &[Option<&str>] =
    &[Some("ST"), Some("ST"), Some("ST"), Some("AVE"), Some("DR"), Some("CT"), None];

/// Numbers that are the same in every run.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        u32::try_from(self.0 >> 32).unwrap_or(0) % end
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * f64::from(self.below(1_000_000_007)) / 1_000_000_007.0
    }
}

impl Lot {
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let (x, y) = (dice.between(-122.51, -122.36), dice.between(37.70, 37.81));
        let near = |dice: &mut Dice, at: f64| at + dice.between(-9e-5, 9e-5);
        let points = 0..4 + dice.below(4) + dice.below(4) * dice.below(3);
        Self {
            lot: format!("{:04}{:03}", dice.below(8000), dice.below(200)),
            street: STREETS[dice.below(STREETS.len() as u32) as usize],
            street_type: TYPES[dice.below(TYPES.len() as u32) as usize],
            from: 1 + dice.below(4999),
            odd: dice.below(2) == 0,
            multi: dice.below(1000) == 0,
            points: points.map(|_| (near(dice, x), near(dice, y))).collect(),
        }
    }

    pub(crate) fn kind(&self) -> &'static str {
        if self.multi { "MultiPolygon" } else { "Polygon" }
    }

    /// The event's text.
    pub(crate) fn write(&self) -> String {
        let Self { lot, street, from, .. } = self;
        let street_type = self.street_type.map_or("null".to_owned(), |name| format!("\"{name}\""));
        let odd = if self.odd { "O" } else { "E" };
        let point = |(x, y): &(f64, f64)| format!(r#"{{ "x": {x}, "y": {y}, "z": 0 }}"#);
        let points: Vec<_> = self.points.iter().map(point).collect();
        let mut text = String::with_capacity(1100);
        let _ = write!(
            text,
            r#"{{ "type": "Feature", "properties": {{ "MAPBLKLOT": "{lot}", "BLKLOT": "{lot}", "BLOCK_NUM": "{}", "LOT_NUM": "{}", "FROM_ST": "{from}", "TO_ST": "{from}", "STREET": "{street}", "ST_TYPE": {street_type}, "ODD_EVEN": "{odd}" }}, "geometry": {{ "type": "{}", "firstCoordinates": {}, "coordinates": [ {} ] }} }}"#,
            &lot[..4],
            &lot[4..],
            self.kind(),
            points[0],
            points.join(", "),
        );
        text
    }
}
