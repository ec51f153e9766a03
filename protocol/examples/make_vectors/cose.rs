//! COSE by hand: every part can be bent before, or instead of, being signed. Written apart from the library, so that a
//! mistake there does not repeat itself here.

use ed25519_dalek::Signer as _;
use picket_protocol::cbor::{Value, encode};

use crate::cast;

pub(crate) fn head(major: u8, argument: u64) -> Vec<u8> {
    let first = major << 5;
    let bytes = argument.to_be_bytes();
    match argument {
        0..24 => vec![first | bytes[7]],
        24..0x100 => [&[first | 24], &bytes[7..]].concat(),
        0x100..0x1_0000 => [&[first | 25], &bytes[6..]].concat(),
        0x1_0000..0x1_0000_0000 => [&[first | 26], &bytes[4..]].concat(),
        _ => [&[first | 27], &bytes[..]].concat(),
    }
}

pub(crate) fn byte_string(content: &[u8]) -> Vec<u8> {
    [head(2, content.len() as u64), content.to_vec()].concat()
}

pub(crate) fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [head(4, items.len() as u64), items.concat()].concat()
}

pub(crate) fn map(entries: &[(Value, Value)]) -> Vec<u8> {
    encode(&Value::Map(entries.to_vec()))
}

fn sig_structure(parts: &[Vec<u8>]) -> Vec<u8> {
    array(parts)
}

/// Ed25519 by the key of `seed`, apart from the library.
pub(crate) fn ed25519(seed: u8, message: &[u8]) -> Vec<u8> {
    ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).sign(message).to_bytes().to_vec()
}

pub(crate) fn alg(algorithm: i64) -> (Value, Value) {
    (1.into(), algorithm.into())
}

pub(crate) fn kid(seed: u8) -> (Value, Value) {
    (4.into(), Value::Bytes(cast::key(seed).kid().as_bytes().to_vec()))
}

pub(crate) fn typ(kind: &str) -> (Value, Value) {
    (16.into(), Value::Text(format!("application/picket-{kind}")))
}

pub(crate) const EDDSA: i64 = -8;

/// A COSE_Sign1 with every part in the open.
#[derive(Clone)]
pub(crate) struct Sign1 {
    pub(crate) tag: Vec<u8>,
    pub(crate) protected: Vec<u8>,
    /// Encoded.
    pub(crate) unprotected: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) signed_by: u8,
    pub(crate) external_aad: Vec<u8>,
    pub(crate) context: &'static str,
}

impl Sign1 {
    pub(crate) fn new(kind: &str, payload: Vec<u8>) -> Self {
        let signed_by = cast::seed::SIGNER;
        Self {
            tag: head(6, 18),
            protected: map(&[alg(EDDSA), kid(signed_by), typ(kind)]),
            unprotected: map(&[]),
            payload,
            signed_by,
            external_aad: vec![],
            context: "Signature1",
        }
    }

    pub(crate) fn activation(payload: Vec<u8>) -> Self {
        Self::new("activation+cwt", payload)
    }

    pub(crate) fn signer(mut self, seed: u8) -> Self {
        let kind = if self.protected.windows(12).any(|bytes| bytes == b"deactivation") { "de" } else { "" };
        self.protected = map(&[alg(EDDSA), kid(seed), typ(&format!("{kind}activation+cwt"))]);
        self.signed_by = seed;
        self
    }

    pub(crate) fn protected(mut self, headers: &[(Value, Value)]) -> Self {
        self.protected = map(headers);
        self
    }

    pub(crate) fn unprotected(mut self, headers: &[(Value, Value)]) -> Self {
        self.unprotected = map(headers);
        self
    }

    pub(crate) fn signature(&self) -> Vec<u8> {
        let context = encode(&Value::Text(self.context.into()));
        let parts =
            [context, byte_string(&self.protected), byte_string(&self.external_aad), byte_string(&self.payload)];
        ed25519(self.signed_by, &sig_structure(&parts))
    }

    /// The four items, encoded.
    pub(crate) fn items(&self) -> [Vec<u8>; 4] {
        let (protected, payload) = (byte_string(&self.protected), byte_string(&self.payload));
        [protected, self.unprotected.clone(), payload, byte_string(&self.signature())]
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.with_items(&self.items())
    }

    pub(crate) fn with_items(&self, items: &[Vec<u8>]) -> Vec<u8> {
        [self.tag.clone(), array(items)].concat()
    }
}

/// A COSE_Sign with every part in the open.
#[derive(Clone)]
pub(crate) struct Sign {
    pub(crate) tag: Vec<u8>,
    pub(crate) protected: Vec<u8>,
    pub(crate) unprotected: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    /// Protected bucket, unprotected bucket (encoded), seed that signs.
    pub(crate) signers: Vec<(Vec<u8>, Vec<u8>, u8)>,
}

impl Sign {
    pub(crate) fn root(payload: Vec<u8>, signers: &[u8]) -> Self {
        let signer = |seed: &u8| (map(&[alg(EDDSA), kid(*seed)]), map(&[]), *seed);
        Self {
            tag: head(6, 98),
            protected: map(&[typ("root+cose")]),
            unprotected: map(&[]),
            payload,
            signers: signers.iter().map(signer).collect(),
        }
    }

    /// `[protected, unprotected, signature]` of one signer, encoded.
    pub(crate) fn signature(&self, (protected, unprotected, seed): &(Vec<u8>, Vec<u8>, u8)) -> Vec<u8> {
        let context = encode(&Value::Text("Signature".into()));
        let (body, signer) = (byte_string(&self.protected), byte_string(protected));
        let parts = [context, body, signer.clone(), byte_string(&[]), byte_string(&self.payload)];
        array(&[signer, unprotected.clone(), byte_string(&ed25519(*seed, &sig_structure(&parts)))])
    }

    pub(crate) fn signatures(&self) -> Vec<Vec<u8>> {
        self.signers.iter().map(|signer| self.signature(signer)).collect()
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.with_signatures(&array(&self.signatures()))
    }

    pub(crate) fn with_signatures(&self, signatures: &[u8]) -> Vec<u8> {
        let (protected, payload) = (byte_string(&self.protected), byte_string(&self.payload));
        [self.tag.clone(), array(&[protected, self.unprotected.clone(), payload, signatures.to_vec()])].concat()
    }
}

/// An activation file with every part in the open.
#[derive(Clone)]
pub(crate) struct File {
    pub(crate) tag: Vec<u8>,
    pub(crate) version: Vec<u8>,
    /// Encoded.
    pub(crate) roots: Vec<u8>,
    /// Encoded.
    pub(crate) activation: Vec<u8>,
}

impl File {
    pub(crate) fn new(roots: &[Vec<u8>], activation: &[u8]) -> Self {
        let roots: Vec<Vec<u8>> = roots.iter().map(|root| byte_string(root)).collect();
        Self { tag: head(6, 55_799), version: head(0, 1), roots: array(&roots), activation: byte_string(activation) }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        [self.tag.clone(), array(&[self.version.clone(), self.roots.clone(), self.activation.clone()])].concat()
    }
}
