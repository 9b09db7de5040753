//! `{"cidr": "10.0.0.0/24"}`: addresses in a block, IPv4 or IPv6.

use std::{net::IpAddr, sync::Arc};

use serde_json::Value;

use super::{
    operator::{Operator, text_operand},
    refused::Fault,
};
use crate::source::{Node, Pointer};

#[derive(Debug)]
struct Cidr {
    first: IpAddr,
    last: IpAddr,
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    // AWS says "prefix" here.
    let text = text_operand("prefix", node)?;
    let placeless = |reason| Fault { reason, at: None, times: 0, pointer: Pointer::root() };
    Ok(Arc::new(Cidr::parse(text).map_err(placeless)?))
}

impl Cidr {
    fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split('/').collect::<Vec<_>>()[..] {
            [address, bits] if !bits.is_empty() => (address, bits),
            _ => return Err("Malformed CIDR, one '/' required".to_owned()),
        };
        let bits: i32 =
            bits.parse().map_err(|_| "Malformed CIDR, mask bits must be an integer".to_owned())?;
        let bits =
            u32::try_from(bits).map_err(|_| "Malformed CIDR, mask bits must not be negative".to_owned())?;
        match address.parse().map_err(|_| format!("Nonstandard IP address: {address}"))? {
            IpAddr::V4(_) if bits > 31 => Err("IPv4 mask bits must be < 32".to_owned()),
            IpAddr::V6(_) if bits > 127 => Err("IPv6 mask bits must be < 128".to_owned()),
            IpAddr::V4(first) => {
                let last = (first.to_bits() | (u32::MAX >> bits)).into();
                Ok(Self { first: first.into(), last: IpAddr::V4(last) })
            }
            IpAddr::V6(first) => {
                let last = (first.to_bits() | (u128::MAX >> bits)).into();
                Ok(Self { first: first.into(), last: IpAddr::V6(last) })
            }
        }
    }
}

impl Operator for Cidr {
    fn matches(&self, value: &Value) -> bool {
        let Some(address) = value.as_str().and_then(|text| text.parse::<IpAddr>().ok()) else { return false };
        address.is_ipv4() == self.first.is_ipv4() && self.first <= address && address <= self.last
    }
}
