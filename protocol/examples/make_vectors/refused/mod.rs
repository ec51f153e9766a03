//! What a reader must refuse: each is an accepted vector with one thing changed, signed anew unless the signature is the
//! point. A file per step of the reading order.

mod admission;
mod content;
mod encoding;
mod headers;
mod other_content;
mod shape;
mod signature;
mod size;
mod trust;

use picket_protocol::trust::encode_roots;

use crate::{
    Made, accepted, cast,
    cose::{Sign1, byte_string},
    manifest::{Document, Layer},
};

pub(crate) fn all() -> Vec<Made> {
    let steps = [
        size::all(),
        encoding::all(),
        shape::all(),
        headers::all(),
        trust::all(),
        signature::all(),
        content::all(),
        other_content::all(),
        admission::all(),
    ];
    steps.into_iter().flatten().collect()
}

/// An activation file, read in the plain context, made from `locally-managed`.
fn refused(layer: Layer, code: &str, name: &str, bytes: Vec<u8>, why: &str) -> Made {
    Made::accepted(name, Document::ActivationFile, "plain", bytes, why).refused(layer, code, "locally-managed")
}

/// The locally managed activation before it is signed.
fn local() -> Sign1 {
    Sign1::activation(accepted::payload(&cast::activation(cast::local())))
}

/// A plain file around a COSE item.
fn file(cose: &[u8]) -> Vec<u8> {
    accepted::file(&cast::chain(2), cose)
}

/// A trust root file, made from `trust-root-file`, or from the accepted vector named.
fn refused_root(layer: Layer, code: &str, name: &str, roots: &[Vec<u8>], why: &str) -> Made {
    let bytes = encode_roots(roots);
    Made::accepted(name, Document::TrustRootFile, "plain", bytes, why).refused(layer, code, "trust-root-file")
}

/// `items` as an encoded array of byte strings.
fn strings(items: &[Vec<u8>]) -> Vec<u8> {
    crate::cose::array(&items.iter().map(|item| byte_string(item)).collect::<Vec<_>>())
}
