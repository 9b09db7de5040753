//! Unpacking the facts: `scripts/catalog` says how they are packed.

use std::{io::Read, sync::OnceLock};

use flate2::read::DeflateDecoder;
use serde::Deserialize;

use super::{
    facts::{Action, Block},
    shape::Shape,
};

static PACKED: &[u8] = include_bytes!("facts.bin");
const MAGIC: &[u8] = b"TYC1";

/// A service.
pub struct Service {
    name: &'static str,
    prefix: &'static str,
    packed: &'static [u8],
    block: OnceLock<Block>,
}

/// An operation of a service.
#[derive(Clone, Copy)]
pub struct Operation<'c> {
    block: &'c Block,
    action: &'c Action,
}

/// The service that `aws-sdk:` integrations call `name`.
pub fn service(name: &str) -> Option<&'static Service> {
    let all = services();
    all.binary_search_by(|service| service.name.cmp(name)).ok().map(|at| &all[at])
}

/// All services, by name.
pub fn services() -> &'static [Service] {
    static INDEX: OnceLock<Vec<Service>> = OnceLock::new();
    INDEX.get_or_init(|| index().unwrap_or_default())
}

/// The file is our own: a test reads all of it, so that what cannot be read never gets here.
fn index() -> Option<Vec<Service>> {
    let (length, rest) = PACKED.strip_prefix(MAGIC)?.split_first_chunk::<4>()?;
    let (index, mut blocks) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let rows: Vec<(&'static str, &'static str, usize)> = unpacked(index)?;
    let mut services = Vec::with_capacity(rows.len());
    for (name, prefix, length) in rows {
        let (packed, rest) = blocks.split_at_checked(length)?;
        blocks = rest;
        services.push(Service { name, prefix, packed, block: OnceLock::new() });
    }
    Some(services)
}

/// The text stays for good, as what is read from it does: names need no copies.
fn unpacked<T: Deserialize<'static>>(packed: &[u8]) -> Option<T> {
    let mut text = Vec::new();
    DeflateDecoder::new(packed).read_to_end(&mut text).ok()?;
    serde_json::from_slice(Box::leak(text.into_boxed_slice())).ok()
}

impl Service {
    /// Lower case without dashes: `sfn`, `cloudwatchlogs`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// What stands before the names of its errors, up to the dot: `Sfn`, `CloudWatchLogs`.
    pub fn error_prefix(&self) -> &'static str {
        self.prefix
    }

    /// Whether its operations are known: some services are still taken and have no model any more.
    pub fn has_model(&self) -> bool {
        !self.packed.is_empty()
    }

    /// The operation of that name in camelCase.
    pub fn operation(&self, action: &str) -> Option<Operation<'_>> {
        let block = self.block();
        block.actions.get(action).map(|action| Operation { block, action })
    }

    /// The names of all operations.
    pub fn actions(&self) -> impl Iterator<Item = &'static str> {
        self.block().actions.keys().copied()
    }

    fn block(&self) -> &Block {
        self.block.get_or_init(|| {
            if self.has_model() { self.unpack().unwrap_or_default() } else { Block::default() }
        })
    }

    pub(super) fn unpack(&self) -> Option<Block> {
        unpacked(self.packed)
    }
}

impl<'c> Operation<'c> {
    /// What it takes, if anything.
    pub fn input(&self) -> Option<Shape<'c>> {
        Shape::at(self.block, self.action.input)
    }

    /// What it answers, if anything.
    pub fn output(&self) -> Option<Shape<'c>> {
        Shape::at(self.block, self.action.output)
    }

    /// Its errors as states catch them, without the prefix: `InvalidTokenException`.
    pub fn errors(&self) -> &'c [&'static str] {
        &self.action.errors
    }
}
