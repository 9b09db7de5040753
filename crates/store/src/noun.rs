//! A thing that the store keeps as one document.

use serde::{Serialize, de::DeserializeOwned};

/// A document's type. A new noun needs no migration: its index keys are data.
pub trait Noun: Serialize + DeserializeOwned + Send + 'static {
    /// The kind of document, unique in the server; never changes.
    const KIND: &'static str;
    /// The version of the body's format. Raise it when old bodies would no longer decode as they are, and say in
    /// [`Noun::upgrade`] what becomes of them.
    const FORMAT: u32 = 1;

    /// Whether texts of it that are larger than 256 KiB lie beside the store ([`crate::Store::beside`]). Such texts are
    /// read again with it, unless they are not wanted ([`crate::List::without_texts`]).
    const SPILLS: bool = false;

    /// Where it lives, mostly `Scope::to_string()`; empty for things of the whole server.
    fn scope(&self) -> String;

    /// Its name within kind and scope.
    fn id(&self) -> String;

    /// The index keys that [`crate::List`] can ask for.
    fn keys(&self, keys: &mut Keys);

    /// A body of an older format as one of the present format, or why that cannot be.
    fn upgrade(format: u32, _body: serde_json::Value) -> Result<serde_json::Value, String> {
        Err(format!("its format {format} is no longer read"))
    }
}

/// The index keys of one document: name and value, several values per name if need be.
#[derive(Debug, Default)]
pub struct Keys(Vec<(&'static str, String)>);

impl Keys {
    /// Adds a key. Values are compared as text: pad numbers (see [`Keys::add_number`]).
    pub fn add(&mut self, key: &'static str, value: impl Into<String>) -> &mut Self {
        self.0.push((key, value.into()));
        self
    }

    /// Adds a key whose values are ordered as numbers, such as times in milliseconds. Negative numbers count as 0.
    pub fn add_number(&mut self, key: &'static str, value: i64) -> &mut Self {
        self.add(key, number(value))
    }

    pub(crate) fn into_pairs(self) -> Vec<(&'static str, String)> {
        self.0
    }
}

/// How [`Keys::add_number`] writes a number: for the bounds of a [`crate::Range`].
pub(crate) fn number(value: i64) -> String {
    format!("{:019}", value.max(0))
}

/// A document as it was read.
#[derive(Clone, Debug)]
pub struct Held<T> {
    /// The version read: what [`crate::Expect::Version`] wants to see again.
    pub version: u64,
    /// The document.
    pub value: T,
}
