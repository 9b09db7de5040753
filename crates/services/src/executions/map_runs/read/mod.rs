//! Items out of bytes, one by one: pure, and however long the bytes are, no more than one item is held.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>

mod csv;
mod json;
mod lines;
mod manifest;
mod order;
#[cfg(test)]
mod tests;

use std::{
    cell::Cell,
    io::{self, Read},
    ops::ControlFlow,
};

use serde_json::Value;
use trainyard_lang::asl::{CsvHeaders, InputType, ReaderConfig};

pub(super) use manifest::{Inventory, athena_places};

/// How bytes are items.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Format {
    /// A list, where that pointer leads.
    Json { pointer: Vec<String> },
    /// One item a line.
    JsonLines,
    /// One item a row.
    Csv { headers: CsvHeaders, delimiter: u8 },
}

impl Format {
    /// What a reader's configuration says; a format that cannot be read is refused by name.
    pub(super) fn of(config: &ReaderConfig) -> Result<Self, String> {
        match config.input_type {
            None | Some(InputType::Json) => {
                Ok(Self::Json { pointer: json::steps(config.items_pointer.as_deref())? })
            }
            Some(InputType::JsonLines) => Ok(Self::JsonLines),
            Some(InputType::Csv) => {
                let headers = config.headers.clone().unwrap_or(CsvHeaders::FirstRow);
                let delimiter = config.delimiter.and_then(|c| u8::try_from(c).ok()).unwrap_or(b',');
                Ok(Self::Csv { headers, delimiter })
            }
            Some(InputType::Parquet) => Err("Items of the type PARQUET cannot be read here.".to_owned()),
            Some(InputType::Manifest) => {
                Err("A manifest cannot be among the objects that are read.".to_owned())
            }
        }
    }
}

/// Takes items. Once it breaks off, nothing more is read.
type Sink<'s> = dyn FnMut(Value) -> ControlFlow<()> + 's;

/// Why items could not be read.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    /// The bytes did not come.
    #[error(transparent)]
    Bytes(#[from] io::Error),
    /// They are not what they should be.
    #[error("{0}")]
    Form(String),
}

/// What AWS says of JSON that is no list.
const NO_LIST: &str = "Attempting to map over non-iterable node.";

/// Bytes that make one item: many times what an execution may be given.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// Gives the items in the bytes to the sink, in their order, each with about how many bytes it took.
pub(super) fn read(
    format: &Format,
    bytes: impl Read,
    sink: &mut dyn FnMut(Value, usize) -> ControlFlow<()>,
) -> Result<(), Unread> {
    let since = Cell::new(0);
    let bytes = Measured { bytes, since: &since };
    let mut counted = |item| sink(item, since.replace(0));
    match format {
        Format::Json { pointer } => json::read(pointer, bytes, &mut counted),
        Format::JsonLines => lines::read(bytes, &mut counted),
        Format::Csv { headers, delimiter } => csv::read((headers, *delimiter), bytes, &mut counted),
    }
}

/// Refuses to read for ever without an item coming of it.
struct Measured<'c, R> {
    bytes: R,
    since: &'c Cell<usize>,
}

impl<R: Read> Read for Measured<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.bytes.read(buffer)?;
        self.since.set(self.since.get() + read);
        if self.since.get() > MOST_BYTES {
            let message = format!("an item has more than {MOST_BYTES} bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        Ok(read)
    }
}
