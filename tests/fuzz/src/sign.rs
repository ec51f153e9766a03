//! Signing anew: whatever a lenient decoder makes of an input is signed by the keys that it names, where the cast of the
//! vectors knows them. So mutations reach what lies behind a signature.

use ciborium::Value;
use coset::{ProtectedHeader, SignatureContext, sig_structure_data};
use ed25519_dalek::Signer as _;
use picket_protocol::{cbor::encode, keys::SigningKey};

/// Seeds of the cast (protocol/examples/make_vectors/cast.rs).
const CAST: [u8; 8] = [1, 2, 3, 9, 101, 102, 103, 109];

/// An activation file: its roots and its activation.
pub fn activation_file(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file: Value = ciborium::from_reader(bytes).ok()?;
    let [_, roots, activation] = items(&mut file)? else { return None };
    for root in roots.as_array_mut()? {
        in_string(root, sign);
    }
    in_string(activation, sign1);
    Some(encode(&file))
}

/// A trust root file.
pub fn trust_root_file(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut file: Value = ciborium::from_reader(bytes).ok()?;
    for root in file.as_array_mut()? {
        in_string(root, sign);
    }
    Some(encode(&file))
}

/// A COSE_Sign1 by itself.
pub fn document(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = ciborium::from_reader(bytes).ok()?;
    sign1(&mut document)?;
    Some(encode(&document))
}

/// A request: by the one sensor key of the cast.
pub fn request(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut document: Value = ciborium::from_reader(bytes).ok()?;
    let [protected, _, payload, signature] = items(&mut document)? else { return None };
    let message = to_be_signed(SignatureContext::CoseSign1, protected, None, payload)?;
    let key = p256::ecdsa::SigningKey::from_slice(&[0x42; 32]).ok()?;
    let made: p256::ecdsa::Signature = key.sign(&message);
    *signature = Value::Bytes(made.to_bytes().to_vec());
    Some(encode(&document))
}

/// Does `edit` to the item encoded in a byte string.
fn in_string(string: &mut Value, edit: impl FnOnce(&mut Value) -> Option<()>) {
    let Some(bytes) = string.as_bytes() else { return };
    let Ok(mut inner) = ciborium::from_reader::<Value, _>(&bytes[..]) else { return };
    if edit(&mut inner).is_some() {
        *string = Value::Bytes(encode(&inner));
    }
}

fn sign1(item: &mut Value) -> Option<()> {
    let [protected, _, payload, signature] = items(item)? else { return None };
    let message = to_be_signed(SignatureContext::CoseSign1, protected, None, payload)?;
    *signature = Value::Bytes(by_kid(protected, &message)?);
    Some(())
}

fn sign(item: &mut Value) -> Option<()> {
    let [body, _, payload, signatures] = items(item)? else { return None };
    for signature in signatures.as_array_mut()? {
        let [protected, _, signature] = &mut signature.as_array_mut()?[..] else { return None };
        let message = to_be_signed(SignatureContext::CoseSignature, body, Some(protected), payload)?;
        *signature = Value::Bytes(by_kid(protected, &message)?);
    }
    Some(())
}

fn items(item: &mut Value) -> Option<&mut [Value]> {
    let (_, content) = item.as_tag_mut()?;
    content.as_array_mut().map(|items| &mut items[..])
}

fn to_be_signed(context: SignatureContext, body: &Value, signer: Option<&Value>, payload: &Value) -> Option<Vec<u8>> {
    let received = |bucket: &Value| {
        let original_data = Some(bucket.as_bytes()?.clone());
        Some(ProtectedHeader { original_data, ..ProtectedHeader::default() })
    };
    let signer = match signer {
        Some(signer) => Some(received(signer)?),
        None => None,
    };
    Some(sig_structure_data(context, received(body)?, signer, &[], payload.as_bytes()?))
}

/// A signature by the key of the cast that the bucket names, or by the usual signer.
fn by_kid(protected: &Value, message: &[u8]) -> Option<Vec<u8>> {
    let headers: Value = ciborium::from_reader(&protected.as_bytes()?[..]).ok()?;
    let kid = headers.as_map()?.iter().find(|(label, _)| *label == Value::from(4)).map(|(_, kid)| kid.clone());
    let named = |seed: &u8| kid == Some(Value::Bytes(SigningKey::from_seed(&[*seed; 32]).kid().as_bytes().to_vec()));
    let seed = CAST.into_iter().find(named).unwrap_or(101);
    Some(ed25519_dalek::SigningKey::from_bytes(&[seed; 32]).sign(message).to_bytes().to_vec())
}
