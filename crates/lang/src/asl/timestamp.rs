//! Times in definitions and data.

/// A date and time in ISO-8601's extended format, with an offset: nothing that a more generous parser takes
/// besides, such as a blank in place of the `T` or the name of a time zone.
pub(crate) fn read(text: &str) -> Option<jiff::Timestamp> {
    let strict = text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
    strict.then(|| text.parse().ok()).flatten()
}
