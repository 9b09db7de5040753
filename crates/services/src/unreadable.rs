//! For tests: a document whose bytes mean nothing any more.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use trainyard_store::{Changes, Expect, Keys, Noun, Store};

/// What stands in place of a noun whose bytes are damaged: its name and its keys, and nothing that can be read.
struct Unreadable<T>(T);

impl<T> Serialize for Unreadable<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_unit()
    }
}

impl<'de, T> Deserialize<'de> for Unreadable<T> {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("nobody can read it"))
    }
}

impl<T: Noun> Noun for Unreadable<T> {
    const KIND: &'static str = T::KIND;
    const FORMAT: u32 = T::FORMAT;

    fn scope(&self) -> String {
        self.0.scope()
    }

    fn id(&self) -> String {
        self.0.id()
    }

    fn keys(&self, keys: &mut Keys) {
        self.0.keys(keys);
    }
}

/// Nobody can read the document any more.
pub(crate) async fn spoil<T: Noun>(store: &Store, noun: T) {
    let mut changes = Changes::new();
    changes.put(&Unreadable(noun), Expect::Any).expect("it is kept");
    store.commit(changes).await.expect("it is kept");
}
