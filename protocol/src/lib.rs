//! Every byte that crosses a boundary of Picket: documents, wire types, codes.
//!
//! No I/O, no clock, no randomness: time, keys and entropy are arguments. `no_std`, so that the compiler keeps it so.
//!
//! Reading from outside in: [`cbor`] is the strict gate that every outside byte passes first; `cose` opens the
//! signed envelope; [`trust`] judges which key may sign what; [`reading`] is the numbered reading order that ends in a
//! [`Verified`](verified::Verified) document, or in one [`Refusal`](refusal::Refusal).
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod alerts;
pub mod armour;
pub mod cbor;
mod codec;
mod cose;
pub mod documents;
pub mod endpoint_url;
pub mod floors;
pub mod heartbeat;
pub mod ids;
pub mod issue;
pub mod keys;
pub mod local_api;
pub mod names;
pub mod reading;
pub mod refusal;
pub mod time;
pub mod trust;
pub mod typed_code;
pub mod wire;

pub use reading::verified;
