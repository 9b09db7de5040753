//! Rows of text with a delimiter, as RFC 4180 has them.
//!
//! A row that is too short has empty fields, and what a row has besides is left out, as AWS does it. Lines without
//! anything are no rows.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-itemreader.html>

use std::io::{BufReader, Bytes, Read};

use serde_json::{Map, Value};
use trainyard_lang::asl::CsvHeaders;

use super::{Sink, Unread, order};

pub(super) fn read(
    (headers, delimiter): (&CsvHeaders, u8),
    bytes: impl Read,
    sink: &mut Sink<'_>,
) -> Result<(), Unread> {
    let mut rows = Rows::new(bytes, delimiter);
    let headers = match headers {
        CsvHeaders::Given(names) => names.clone(),
        CsvHeaders::FirstRow => match rows.next_row()? {
            Some(names) => names,
            None => return Ok(()),
        },
    };
    let order = order::of(&headers);
    while let Some(mut row) = rows.next_row()? {
        row.resize(headers.len(), String::new());
        let item: Map<String, Value> = order
            .iter()
            .map(|place| (headers[*place].clone(), Value::String(std::mem::take(&mut row[*place]))))
            .collect();
        if sink(Value::Object(item)).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// What a file may begin with to say that it is UTF-8.
const MARK: &str = "\u{feff}";

struct Rows<R> {
    bytes: Bytes<BufReader<R>>,
    delimiter: u8,
    /// The number of the row that comes next.
    number: u64,
    /// A byte that was looked at and belongs to what comes next.
    ahead: Option<u8>,
}

impl<R: Read> Rows<R> {
    fn new(bytes: R, delimiter: u8) -> Self {
        Self { bytes: BufReader::new(bytes).bytes(), delimiter, number: 1, ahead: None }
    }

    /// The next row that has anything in it.
    fn next_row(&mut self) -> Result<Option<Vec<String>>, Unread> {
        loop {
            let (mut row, mut any) = (Vec::new(), false);
            let last = loop {
                let (field, end) = self.field()?;
                any |= end == End::Field || field.quoted || !field.bytes.is_empty();
                row.push(self.text(field.bytes)?);
                if end != End::Field {
                    break end;
                }
            };
            self.number += 1;
            if any {
                return Ok(Some(row));
            }
            if last == End::File {
                return Ok(None);
            }
        }
    }

    fn next(&mut self) -> Result<Option<u8>, Unread> {
        match self.ahead.take() {
            Some(byte) => Ok(Some(byte)),
            None => Ok(self.bytes.next().transpose()?),
        }
    }

    fn field(&mut self) -> Result<(Field, End), Unread> {
        let mut field = Field::default();
        let mut inside = false;
        loop {
            let Some(byte) = self.next()? else {
                let number = self.number;
                let open = || Unread::Form(format!("Row {number} of the CSV file ends inside of quotes."));
                return if inside { Err(open()) } else { Ok((field, End::File)) };
            };
            match byte {
                b'"' if inside => match self.next()? {
                    // Two of them inside of quotes are one.
                    Some(b'"') => field.bytes.push(b'"'),
                    other => {
                        inside = false;
                        self.ahead = other;
                    }
                },
                byte if inside => field.bytes.push(byte),
                b'"' if field.bytes.is_empty() && !field.quoted => (inside, field.quoted) = (true, true),
                b'\n' => return Ok((field, End::Row)),
                b'\r' => match self.next()? {
                    Some(b'\n') | None => return Ok((field, End::Row)),
                    other => {
                        self.ahead = other;
                        return Ok((field, End::Row));
                    }
                },
                byte if byte == self.delimiter => return Ok((field, End::Field)),
                byte => field.bytes.push(byte),
            }
        }
    }

    fn text(&self, bytes: Vec<u8>) -> Result<String, Unread> {
        let number = self.number;
        let text = String::from_utf8(bytes)
            .map_err(|_| Unread::Form(format!("Row {number} of the CSV file is not UTF-8.")))?;
        match text.strip_prefix(MARK) {
            Some(rest) if number == 1 => Ok(rest.to_owned()),
            _ => Ok(text),
        }
    }
}

#[derive(Default)]
struct Field {
    bytes: Vec<u8>,
    quoted: bool,
}

/// What a field is followed by.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Field,
    Row,
    File,
}
