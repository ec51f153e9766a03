//! Which keys are believed, for what: versioned, threshold-signed trust roots in chains, and the store of pinned ones.
//!
//! A [`SignedRoot`] is one version, opened; a [`Chain`] is versions verified against each other; the [`TrustStore`] knows
//! which chains this sensor believes and judges the chain that a file carries.

mod chain;
mod file;
mod signed_root;
mod store;

pub use chain::Chain;
pub use file::{MAX_ROOTS, decode_roots, encode_roots};
pub(crate) use file::{read_roots, write_roots};
pub use signed_root::SignedRoot;
pub use store::{Judgement, TrustStore};

/// Most signatures on all trust root versions that one file or answer brings: bounds what a hostile file costs.
pub const MAX_SIGNATURES_IN_FILE: usize = 64;

#[cfg(test)]
mod tests;
