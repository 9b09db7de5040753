//! Brings items from S3, some at a time: whoever takes them sets the pace.

use std::{
    io::{self, Read},
    ops::ControlFlow,
};

use bytes::{Buf, Bytes};
use flate2::read::MultiGzDecoder;
use futures::StreamExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use trainyard_domain::{Kind, Principal, ports::ByteStream};
use trainyard_lang::asl::CsvHeaders;
use trainyard_store::Error as StoreError;

use super::{
    super::Error,
    plan::{Prefix, Source},
    read::{Format, Inventory, Unread, athena_places, read},
};
use crate::{
    artifacts::{self, Artifacts, ListEntry, ListQuery, Object, Place},
    refusal::{Refusal, is_passing},
};

/// Why items do not come.
pub(super) enum Missing {
    /// They cannot be had: the map run has failed.
    Failed(String),
    /// Our own trouble: they are asked for again.
    Trouble(Error),
}

/// Whether somebody still wants items.
type Wanted = ControlFlow<()>;

/// How many items are handed over at once, and about how many bytes of them.
const PAGE: usize = 100;
const PAGE_BYTES: usize = 1024 * 1024;
/// The longest manifest.
const MANIFEST_BYTES: u64 = 16 * 1024 * 1024;

/// Brings items.
pub(super) struct Bringer {
    pub(super) artifacts: Artifacts,
    pub(super) by: Principal,
    pub(super) out: mpsc::Sender<Vec<Value>>,
}

impl Bringer {
    /// Brings all items, until nobody wants any more.
    pub(super) async fn bring(self, source: Source) -> Result<(), Missing> {
        match source {
            Source::Here(items) => {
                let mut items = items.into_iter();
                loop {
                    let page: Vec<Value> = items.by_ref().take(PAGE).collect();
                    if page.is_empty() || self.out.send(page).await.is_err() {
                        return Ok(());
                    }
                }
            }
            Source::Object(place, format) => self.object(&place, &format).await.map(drop),
            Source::Objects(prefix) => self.listing(&prefix, None).await,
            Source::InObjects(prefix, format) => self.listing(&prefix, Some(&format)).await,
            Source::Inventory(place) => self.inventory(&place).await,
            Source::Athena(place, format) => self.athena(&place, &format).await,
        }
    }

    async fn listing(&self, of: &Prefix, inside: Option<&Format>) -> Result<(), Missing> {
        let mut cursor = None;
        loop {
            let query = ListQuery {
                prefix: of.prefix.clone(),
                after: of.start_after.clone(),
                cursor,
                limit: 1000,
                ..ListQuery::default()
            };
            let page = self.artifacts.list(&self.by.account, &of.bucket, query).await?;
            let objects = page.entries.into_iter().filter_map(|entry| match entry {
                ListEntry::Object(object) => Some(object),
                ListEntry::Folder(_) => None,
            });
            if self.listed(objects, inside).await?.is_break() || page.next.is_none() {
                return Ok(());
            }
            cursor = page.next;
        }
    }

    async fn listed(
        &self,
        objects: impl Iterator<Item = Box<Object>>,
        inside: Option<&Format>,
    ) -> Result<Wanted, Missing> {
        let Some(format) = inside else {
            let items = objects.map(|object| shown(&object)).collect();
            return Ok(wanted(self.out.send(items).await.is_ok()));
        };
        for object in objects {
            // A folder that S3's console has made.
            if object.content.size == 0 {
                continue;
            }
            if self.object(&Place::new(object.bucket, object.key), format).await?.is_break() {
                return Ok(Wanted::Break(()));
            }
        }
        Ok(Wanted::Continue(()))
    }

    async fn inventory(&self, place: &Place) -> Result<(), Missing> {
        let manifest = Inventory::parse(&self.whole(place).await?).map_err(Missing::Failed)?;
        let format = Format::Csv { headers: CsvHeaders::Given(manifest.columns()), delimiter: b',' };
        for key in manifest.keys() {
            if self.object(&Place::new(manifest.bucket(), key), &format).await?.is_break() {
                break;
            }
        }
        Ok(())
    }

    async fn athena(&self, place: &Place, format: &Format) -> Result<(), Missing> {
        for uri in athena_places(&self.whole(place).await?).map_err(Missing::Failed)? {
            let place: Place = uri.parse()?;
            if self.object(&place, format).await?.is_break() {
                break;
            }
        }
        Ok(())
    }

    async fn whole(&self, place: &Place) -> Result<Vec<u8>, Missing> {
        let (object, mut bytes) = self.artifacts.fetch(&self.by.account, place).await?;
        if object.content.size > MANIFEST_BYTES {
            return Err(Missing::Failed(format!("The manifest has more than {MANIFEST_BYTES} bytes.")));
        }
        let mut whole = Vec::new();
        while let Some(chunk) = bytes.next().await {
            whole.extend_from_slice(&chunk.map_err(unreadable)?);
        }
        Ok(whole)
    }

    /// Reads an object on a thread of its own, as reading takes time and waits for bytes and for whoever takes items.
    async fn object(&self, place: &Place, format: &Format) -> Result<Wanted, Missing> {
        let (_, stream) = self.artifacts.fetch(&self.by.account, place).await?;
        let (to, from) = mpsc::channel(4);
        let (out, format) = (self.out.clone(), format.clone());
        let packed = place.key.ends_with(".gz");
        let reading = tokio::task::spawn_blocking(move || {
            let bytes = Pipe { from, chunk: Bytes::new() };
            let mut pages = Pages { out, page: Vec::new(), bytes: 0 };
            let mut sink = |item, bytes| pages.take(item, bytes);
            let done = if packed {
                read(&format, MultiGzDecoder::new(bytes), &mut sink)
            } else {
                read(&format, bytes, &mut sink)
            };
            done.map(|()| pages.flush())
        });
        pump(stream, to).await;
        let done = reading.await;
        let broken = |why| Missing::Trouble(StoreError::Internal(format!("reading broke off: {why}")).into());
        match done.map_err(broken)? {
            Ok(wanted) => Ok(wanted),
            Err(Unread::Form(why)) => Err(Missing::Failed(why)),
            Err(Unread::Bytes(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Err(Missing::Failed(format!("The object {place} cannot be read: {error}")))
            }
            Err(Unread::Bytes(error)) => Err(unreadable(error)),
        }
    }
}

async fn pump(mut stream: ByteStream, to: mpsc::Sender<io::Result<Bytes>>) {
    while let Some(chunk) = stream.next().await {
        if to.send(chunk).await.is_err() {
            return;
        }
    }
}

fn wanted(wanted: bool) -> Wanted {
    if wanted { Wanted::Continue(()) } else { Wanted::Break(()) }
}

fn unreadable(error: io::Error) -> Missing {
    Missing::Trouble(StoreError::Unavailable(format!("an object cannot be read: {error}")).into())
}

/// An object as `listObjectsV2` gives it to a Map.
fn shown(object: &Object) -> Value {
    json!({
        "Etag": format!("\"{}\"", object.etag),
        "Key": object.key,
        "LastModified": object.modified.millis() / 1000,
        "Size": object.content.size,
        "StorageClass": "STANDARD",
    })
}

impl From<artifacts::Error> for Missing {
    fn from(error: artifacts::Error) -> Self {
        if is_passing(&error) {
            return Self::Trouble(StoreError::Unavailable(error.to_string()).into());
        }
        let status = match error.kind() {
            Kind::NotFound => 404,
            Kind::Forbidden => 403,
            _ => 400,
        };
        let id = uuid::Uuid::new_v4();
        Self::Failed(format!("{error} (Service: S3, Status Code: {status}, Request ID: {id})"))
    }
}

/// Bytes that come from elsewhere, for whoever waits for them on a thread.
struct Pipe {
    from: mpsc::Receiver<io::Result<Bytes>>,
    chunk: Bytes,
}

impl Read for Pipe {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.chunk.is_empty() {
            match self.from.blocking_recv() {
                Some(chunk) => self.chunk = chunk?,
                None => return Ok(0),
            }
        }
        let count = buffer.len().min(self.chunk.len());
        self.chunk.copy_to_slice(&mut buffer[..count]);
        Ok(count)
    }
}

/// Hands items over in pages.
struct Pages {
    out: mpsc::Sender<Vec<Value>>,
    page: Vec<Value>,
    bytes: usize,
}

impl Pages {
    fn take(&mut self, item: Value, bytes: usize) -> Wanted {
        self.page.push(item);
        self.bytes += bytes;
        if self.page.len() < PAGE && self.bytes < PAGE_BYTES {
            return Wanted::Continue(());
        }
        self.flush()
    }

    fn flush(&mut self) -> Wanted {
        self.bytes = 0;
        wanted(self.page.is_empty() || self.out.blocking_send(std::mem::take(&mut self.page)).is_ok())
    }
}
