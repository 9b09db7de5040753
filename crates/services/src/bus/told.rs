//! An event on its way through the rules: what is made of it once, for all that get it.

use std::sync::{Arc, OnceLock};

use serde_json::{
    Value,
    value::{RawValue, to_raw_value},
};
use trainyard_domain::Event;
use trainyard_store::Error as StoreError;

/// An event and its forms.
pub(super) struct Told {
    pub(super) event: Arc<Event>,
    /// The event as it is kept: what is kept of it several times has this text in it.
    pub(super) kept: Box<RawValue>,
    /// The envelope, as patterns see it.
    pub(super) text: String,
    envelope: OnceLock<Value>,
}

impl Told {
    pub(super) fn new(event: Arc<Event>) -> Result<Self, StoreError> {
        let kept = to_raw_value(&*event)
            .map_err(|e| StoreError::Internal(format!("an event cannot be written: {e}")))?;
        Ok(Self { kept, text: event.envelope_text(), event, envelope: OnceLock::new() })
    }

    /// The envelope, for who looks for something in it.
    pub(super) fn envelope(&self) -> &Value {
        self.envelope.get_or_init(|| self.event.envelope())
    }
}
