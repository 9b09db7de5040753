//! Trails: what many leave at the same time, to be looked at from its end, and let go of from its beginning.

/// A trail that has records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trail {
    /// Its name.
    pub name: String,
    /// The number of its last record.
    pub end: u64,
    /// Another one for each trail, also where one of the same name was there before. With `end` it says whether anything
    /// was left since.
    pub history: i64,
}

/// Some of a trail's records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// Their numbers, and what they say in JSON. Numbers between them may be missing: what is damaged is left out.
    pub records: Vec<(u64, String)>,
    /// The number of the trail's last record, whether it is among them or not.
    pub end: u64,
}
