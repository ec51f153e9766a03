//! The signed envelopes of COSE (RFC 9052): COSE_Sign1 for documents, COSE_Sign for trust roots. Shape and headers are
//! checked here, more narrowly than coset does; which key is believed is decided elsewhere. The bytes verified are the
//! bytes received: the protected bucket and the payload go into the Sig_structure (§4.4) as they came.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use coset::{
    CoseSign1Builder, CoseSignBuilder, CoseSignatureBuilder, HeaderBuilder, TaggedCborSerializable as _, iana,
};

use crate::{
    cbor::{self, Value, fields::At},
    documents::DocumentType,
    ids::Kid,
    refusal::Refusal,
};

/// CBOR tag of a COSE_Sign1 (RFC 9052 §2).
const TAG_SIGN1: u64 = 18;
/// CBOR tag of a COSE_Sign.
const TAG_SIGN: u64 = 98;
/// Most bytes of a protected header bucket; ours have about a hundred.
const MAX_PROTECTED: usize = 512;
/// Most signatures on one trust root version: all root keys of it and of its predecessor.
pub(crate) const MAX_SIGNATURES: usize = 10;

/// Header parameters (RFC 9052 §3.1, RFC 9596).
mod label {
    pub(super) const ALG: i128 = 1;
    pub(super) const CRIT: i128 = 2;
    pub(super) const KID: i128 = 4;
    pub(super) const TYP: i128 = TYP_I64 as i128;
    /// As coset takes it.
    pub(super) const TYP_I64: i64 = 16;
}

/// The two signature algorithms. The kind of document, and so of key, decides which; the header only repeats it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    /// Ed25519, under its general name (RFC 9053 §2.2).
    EdDsa,
    /// ECDSA with P-256 and SHA-256 (RFC 9053 §2.1).
    Es256,
}

impl Algorithm {
    const fn identifier(self) -> i128 {
        match self {
            Self::EdDsa => -8,
            Self::Es256 => -7,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Es256 => "ES256",
        }
    }

    const fn iana(self) -> iana::Algorithm {
        match self {
            Self::EdDsa => iana::Algorithm::EdDSA,
            Self::Es256 => iana::Algorithm::ES256,
        }
    }
}

/// A COSE_Sign1 whose headers are right and whose signature is not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sign1 {
    protected: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) kid: Kid,
    pub(crate) signature: [u8; 64],
}

impl Sign1 {
    /// Gate, shape, headers.
    pub(crate) fn open(bytes: &[u8], limit: usize, kind: DocumentType, algorithm: Algorithm) -> Result<Self, Refusal> {
        let at = At::document(kind.name());
        let value = cbor::gate_part(bytes, limit, kind.name())?;
        let [protected, unprotected, payload, signature] = tagged_array(value, TAG_SIGN1, &at)?;
        let protected = bytes_of(protected, &at.field("protected header"))?;
        let mut headers = Headers::open(&protected)?;
        headers.algorithm(algorithm)?;
        let kid = headers.kid()?;
        headers.document_type(kind)?;
        headers.nothing_else()?;
        nothing_unprotected(&unprotected, &at)?;
        let payload = attached(payload, &at)?;
        let signature = signature_of(signature, &at)?;
        Ok(Self { protected, payload, kid, signature })
    }

    /// The Sig_structure (RFC 9052 §4.4) over the bytes received, with empty external data.
    pub(crate) fn to_be_signed(&self) -> Vec<u8> {
        sig_structure("Signature1", &[&self.protected, &[], &self.payload])
    }
}

/// A COSE_Sign whose headers are right and whose signatures are not yet believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sign {
    protected: Vec<u8>,
    pub(crate) payload: Vec<u8>,
    pub(crate) signatures: Vec<Signature>,
}

/// One signature of a COSE_Sign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    protected: Vec<u8>,
    pub(crate) kid: Kid,
    pub(crate) signature: [u8; 64],
}

impl Sign {
    /// Gate, shape, headers.
    pub(crate) fn open(bytes: &[u8], limit: usize, kind: DocumentType) -> Result<Self, Refusal> {
        let at = At::document(kind.name());
        let value = cbor::gate_part(bytes, limit, kind.name())?;
        let [protected, unprotected, payload, signatures] = tagged_array(value, TAG_SIGN, &at)?;
        let protected = bytes_of(protected, &at.field("protected header"))?;
        let mut headers = Headers::open(&protected)?;
        headers.document_type(kind)?;
        headers.nothing_else()?;
        nothing_unprotected(&unprotected, &at)?;
        let payload = attached(payload, &at)?;
        let at = at.field("signatures");
        let signatures = cbor::fields::read_list::<Value>(signatures, &at, 1..=MAX_SIGNATURES)?;
        let signatures = signatures.into_iter().map(|value| Signature::open(value, &at)).collect::<Result<_, _>>()?;
        Ok(Self { protected, payload, signatures })
    }

    /// The Sig_structure (RFC 9052 §4.4) of one of its signatures.
    pub(crate) fn to_be_signed(&self, signature: &Signature) -> Vec<u8> {
        sig_structure("Signature", &[&self.protected, &signature.protected, &[], &self.payload])
    }
}

impl Signature {
    fn open(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let [protected, unprotected, signature] = array(value, at)?;
        let protected = bytes_of(protected, &at.field("protected header"))?;
        let mut headers = Headers::open(&protected)?;
        headers.algorithm(Algorithm::EdDsa)?;
        let kid = headers.kid()?;
        headers.nothing_else()?;
        nothing_unprotected(&unprotected, at)?;
        let signature = signature_of(signature, at)?;
        Ok(Self { protected, kid, signature })
    }
}

/// A Sig_structure (RFC 9052 §4.4): an array of its context and byte strings. Straight from what was received: going
/// through a header structure and back would copy, and could change.
fn sig_structure(context: &str, strings: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 + strings.iter().map(|string| string.len()).sum::<usize>());
    cbor::push_head(&mut bytes, 4, 1 + strings.len());
    cbor::push_head(&mut bytes, 3, context.len());
    bytes.extend_from_slice(context.as_bytes());
    for string in strings {
        cbor::push_head(&mut bytes, 2, string.len());
        bytes.extend_from_slice(string);
    }
    bytes
}

fn tagged_array<const LENGTH: usize>(value: Value, tag: u64, at: &At<'_>) -> Result<[Value; LENGTH], Refusal> {
    match value {
        Value::Tag(found, content) if found == tag => array(*content, at),
        _ => Err(at.malformed(format_args!("CBOR tag {tag} is missing"))),
    }
}

fn array<const LENGTH: usize>(value: Value, at: &At<'_>) -> Result<[Value; LENGTH], Refusal> {
    let items = value.into_array().map_err(|_| at.malformed("not an array"))?;
    let found = items.len();
    items.try_into().map_err(|_| at.malformed(format_args!("{found} elements, must be {LENGTH}")))
}

fn bytes_of(value: Value, at: &At<'_>) -> Result<Vec<u8>, Refusal> {
    value.into_bytes().map_err(|_| at.malformed("not a byte string"))
}

fn nothing_unprotected(value: &Value, at: &At<'_>) -> Result<(), Refusal> {
    match value {
        Value::Map(entries) if entries.is_empty() => Ok(()),
        Value::Map(_) => Err(bad_headers("a header stands unprotected")),
        _ => Err(at.field("unprotected header").malformed("not a map")),
    }
}

fn attached(payload: Value, at: &At<'_>) -> Result<Vec<u8>, Refusal> {
    match payload {
        Value::Bytes(payload) => Ok(payload),
        Value::Null => Err(bad_headers("the payload is detached")),
        _ => Err(at.field("payload").malformed("not a byte string")),
    }
}

fn signature_of(value: Value, at: &At<'_>) -> Result<[u8; 64], Refusal> {
    let signature = bytes_of(value, &at.field("signature"))?;
    let found = signature.len();
    signature.try_into().map_err(|_| bad_headers(format!("the signature has {found} bytes, must be 64")))
}

fn bad_headers(why: impl Into<String>) -> Refusal {
    Refusal::BadHeaders { why: why.into() }
}

/// The entries of a protected bucket that were not yet asked for.
struct Headers(Vec<(Label, Value)>);

/// A header label (RFC 9052 §1.4).
#[derive(PartialEq, Eq)]
enum Label {
    Integer(i128),
    Text(String),
}

impl Label {
    fn read(value: Value) -> Result<Self, Refusal> {
        match value {
            Value::Integer(label) => Ok(Self::Integer(label.into())),
            Value::Text(label) => Ok(Self::Text(label)),
            _ => Err(bad_headers("a label is neither integer nor text")),
        }
    }
}

impl core::fmt::Display for Label {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Integer(label) => label.fmt(f),
            Self::Text(label) => write!(f, "{label:?}"),
        }
    }
}

impl Headers {
    /// Gates the bucket and takes `crit` (RFC 9052 §3.1): each label in it must stand here and be one we understand.
    /// An empty string is an empty bucket (§3).
    fn open(protected: &[u8]) -> Result<Self, Refusal> {
        if protected.is_empty() {
            return Ok(Self(Vec::new()));
        }
        let value = cbor::gate_part(protected, MAX_PROTECTED, "protected header")?;
        let entries = value.into_map().map_err(|_| bad_headers("the protected header is not a map"))?;
        let labelled = |(label, value)| Ok((Label::read(label)?, value));
        let mut headers = Self(entries.into_iter().map(labelled).collect::<Result<_, _>>()?);
        if let Some(critical) = headers.take(label::CRIT) {
            headers.understand(critical)?;
        }
        Ok(headers)
    }

    fn understand(&self, critical: Value) -> Result<(), Refusal> {
        let labels = critical.into_array().map_err(|_| bad_headers("crit is not an array"))?;
        if labels.is_empty() {
            return Err(bad_headers("crit is empty"));
        }
        for label in labels {
            let label = Label::read(label)?;
            if !matches!(label, Label::Integer(label::ALG | label::KID | label::TYP)) {
                return Err(Refusal::Unsupported { what: format!("critical header {label}") });
            }
            if self.0.iter().all(|(found, _)| *found != label) {
                return Err(bad_headers(format!("crit names {label}, which is missing")));
            }
        }
        Ok(())
    }

    fn take(&mut self, label: i128) -> Option<Value> {
        let position = self.0.iter().position(|(found, _)| *found == Label::Integer(label))?;
        Some(self.0.swap_remove(position).1)
    }

    /// The key decides the algorithm; a header that says another is refused.
    fn algorithm(&mut self, expected: Algorithm) -> Result<(), Refusal> {
        let must_be = format!("must be {} ({})", expected.name(), expected.identifier());
        match self.take(label::ALG) {
            Some(Value::Integer(found)) if i128::from(found) == expected.identifier() => Ok(()),
            Some(Value::Integer(found)) => Err(bad_headers(format!("alg is {}, {must_be}", i128::from(found)))),
            Some(_) => Err(bad_headers(format!("alg is not an integer, {must_be}"))),
            None => Err(bad_headers(format!("alg is missing from the protected header, {must_be}"))),
        }
    }

    fn kid(&mut self) -> Result<Kid, Refusal> {
        match self.take(label::KID) {
            Some(Value::Bytes(kid)) => {
                Kid::try_from(&kid[..]).map_err(|_| bad_headers(format!("kid has {} bytes, must be 32", kid.len())))
            }
            Some(_) => Err(bad_headers("kid is not a byte string")),
            None => Err(bad_headers("kid is missing from the protected header")),
        }
    }

    /// `typ` (RFC 9596): one kind of document never passes for another.
    fn document_type(&mut self, expected: DocumentType) -> Result<(), Refusal> {
        match self.take(label::TYP) {
            Some(Value::Text(found)) if found == expected.as_str() => Ok(()),
            Some(Value::Text(found)) => Err(Refusal::WrongDocument { found, expected: expected.as_str().to_string() }),
            Some(_) => Err(bad_headers("typ is not text")),
            None => Err(bad_headers("typ is missing from the protected header")),
        }
    }

    fn nothing_else(self) -> Result<(), Refusal> {
        match self.0.first() {
            None => Ok(()),
            Some((label, _)) => Err(bad_headers(format!("header {label} does not belong here"))),
        }
    }
}

fn signer_headers(algorithm: Algorithm, kid: &Kid) -> HeaderBuilder {
    HeaderBuilder::new().algorithm(algorithm.iana()).key_id(kid.as_bytes().to_vec())
}

fn typ(builder: HeaderBuilder, kind: DocumentType) -> HeaderBuilder {
    builder.value(label::TYP_I64, Value::Text(kind.as_str().to_string()))
}

const WRITES: &str = "headers without duplicates always serialize";

/// Writes a COSE_Sign1 over `payload`; `sign` turns its Sig_structure into a signature.
pub(crate) fn sign1(
    kind: DocumentType,
    algorithm: Algorithm,
    kid: &Kid,
    payload: Vec<u8>,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let headers = typ(signer_headers(algorithm, kid), kind).build();
    let unsigned = CoseSign1Builder::new().protected(headers).payload(payload);
    unsigned.create_signature(&[], sign).build().to_tagged_vec().expect(WRITES)
}

/// Writes a COSE_Sign over `payload` with one signature of each of `signers`, in that order.
pub(crate) fn sign<S: FnOnce(&[u8]) -> Vec<u8>>(
    kind: DocumentType,
    payload: Vec<u8>,
    signers: impl IntoIterator<Item = (Kid, S)>,
) -> Vec<u8> {
    let body = CoseSignBuilder::new().protected(typ(HeaderBuilder::new(), kind).build()).payload(payload);
    let add = |body: CoseSignBuilder, (kid, sign): (Kid, S)| {
        let headers = signer_headers(Algorithm::EdDsa, &kid).build();
        body.add_created_signature(CoseSignatureBuilder::new().protected(headers).build(), &[], sign)
    };
    signers.into_iter().fold(body, add).build().to_tagged_vec().expect(WRITES)
}

#[cfg(test)]
mod tests {
    use coset::{ProtectedHeader, SignatureContext, sig_structure_data};

    use super::*;

    #[test]
    fn the_sig_structure_is_the_one_that_coset_signs() {
        let received =
            |bytes: &[u8]| ProtectedHeader { original_data: Some(bytes.to_vec()), ..ProtectedHeader::default() };
        let (body, signer, payload) = ([0xa0], [0x42; 300], [0x17; 70_000]);
        let one = sig_structure_data(SignatureContext::CoseSign1, received(&body), None, &[], &payload);
        assert_eq!(sig_structure("Signature1", &[&body, &[], &payload]), one);
        let many = sig_structure_data(
            SignatureContext::CoseSignature,
            received(&body),
            Some(received(&signer)),
            &[],
            &payload,
        );
        assert_eq!(sig_structure("Signature", &[&body, &signer, &[], &payload]), many);
    }
}
