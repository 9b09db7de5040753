//! The streams that are in use now.

use std::{collections::HashMap, sync::Arc};

use tokio::sync::Mutex;

use super::{StreamName, open::OpenStream};

/// How many are kept before those that nobody holds are let go.
const KEPT: usize = 1024;

#[derive(Default)]
pub(super) struct Parking(Mutex<HashMap<StreamName, Arc<OpenStream>>>);

impl Parking {
    /// The stream; `open` opens it if it is not in use yet.
    pub(super) async fn get<E>(
        &self,
        name: &StreamName,
        open: impl AsyncFnOnce() -> Result<OpenStream, E>,
    ) -> Result<Arc<OpenStream>, E> {
        let mut streams = self.0.lock().await;
        if let Some(stream) = streams.get(name) {
            return Ok(stream.clone());
        }
        if streams.len() >= KEPT {
            streams.retain(|_, stream| Arc::strong_count(stream) > 1);
        }
        let stream = Arc::new(open().await?);
        streams.insert(name.clone(), stream.clone());
        Ok(stream)
    }
}
