//! `{"cidr": "10.0.0.0/24"}`: addresses in a block, IPv4 or IPv6.

use std::{net::IpAddr, sync::Arc};

use super::{
    operator::{Handle, Operator, text_operand},
    refused::Fault,
    value::Scalar,
};
use crate::source::Node;

#[derive(Debug)]
struct Cidr {
    first: IpAddr,
    last: IpAddr,
    block: Block,
}

/// All addresses that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Block {
    /// How many bits; those of IPv4 are counted from 128, so that the two kinds never meet.
    length: u8,
    bits: u128,
}

const V4: u8 = 129;

impl Block {
    /// The block of the address alone.
    pub(crate) fn of_one(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self { length: V4 + 32, bits: address.to_bits().into() },
            IpAddr::V6(address) => Self { length: 128, bits: address.to_bits() },
        }
    }

    /// The kind and the length of the block, as one number.
    pub(crate) fn length(self) -> u8 {
        self.length
    }

    /// The block of that length around the address; nothing if the length is for the other kind of addresses.
    pub(crate) fn around(address: IpAddr, length: u8) -> Option<Self> {
        let bits = match address {
            IpAddr::V4(address) => {
                u128::from(address.to_bits() & high_bits(length.checked_sub(V4)?, 32) as u32)
            }
            IpAddr::V6(_) if length >= V4 => return None,
            IpAddr::V6(address) => address.to_bits() & high_bits(length, 128),
        };
        Some(Self { length, bits })
    }
}

/// The first `length` of `of` bits.
fn high_bits(length: u8, of: u32) -> u128 {
    let all = if of == 128 { u128::MAX } else { (1 << of) - 1 };
    all & !all.checked_shr(length.into()).unwrap_or(0)
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    // AWS says "prefix" here.
    let text = text_operand("prefix", node)?;
    Ok(Arc::new(Cidr::parse(text).map_err(Fault::placeless)?))
}

impl Cidr {
    /// AWS lets the block begin at the address that was written, and not at the first one of the block.
    fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split('/').collect::<Vec<_>>()[..] {
            [address, bits] if !bits.is_empty() => (address, bits),
            _ => return Err("Malformed CIDR, one '/' required".to_owned()),
        };
        let bits: i32 =
            bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let bits =
            u32::try_from(bits).map_err(|_| "Malformed CIDR, mask bits must not be negative".to_owned())?;
        let first = address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))?;
        let (last, length) = match first {
            IpAddr::V4(_) if bits > 31 => return Err("IPv4 mask bits must be < 32".to_owned()),
            IpAddr::V6(_) if bits > 127 => return Err("IPv6 mask bits must be < 128".to_owned()),
            IpAddr::V4(first) => {
                (IpAddr::V4((first.to_bits() | (u32::MAX >> bits)).into()), V4 + low_byte(bits))
            }
            IpAddr::V6(first) => (IpAddr::V6((first.to_bits() | (u128::MAX >> bits)).into()), low_byte(bits)),
        };
        let block = Block::around(first, length).unwrap_or(Block::of_one(first));
        Ok(Self { first, last, block })
    }
}

/// Of a number below 128.
fn low_byte(bits: u32) -> u8 {
    bits.to_le_bytes()[0]
}

impl Operator for Cidr {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        let Scalar::Text(text) = value else { return false };
        let Ok(address) = text.parse::<IpAddr>() else { return false };
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }

    fn handle(&self) -> Handle<'_> {
        Handle::Block(self.block)
    }
}
