//! The reading order: numbered steps from outside bytes to a [`Verified`] document, none skipped, each with refusals of
//! its own. No step looks at what a later one has to vouch for.

mod admission;
mod envelope;
pub mod verified;

use alloc::{borrow::Cow, vec::Vec};

pub(crate) use envelope::close as close_envelope;
use verified::Verified;

use crate::{
    armour,
    cbor::{self, fields::At},
    codec,
    cose::{Algorithm, Sign1},
    documents::{
        DocumentType,
        activation::Activation,
        deactivation::Deactivation,
        recovery::Recovery,
        request::Request,
        trust_root::{PublicKey, Role},
    },
    floors::Floors,
    ids::{ApplianceId, Kid, Thumbprint, TrustRootId},
    keys::SensorKey,
    refusal::Refusal,
    time::UnixSeconds,
    trust::{SignedRoot, TrustStore},
    wire::{MAX_ACTIVATION_FILE, MAX_DEACTIVATION, MAX_RECOVERY, MAX_REQUEST},
};

/// What an activation is judged against.
#[derive(Debug, Clone, Copy)]
pub struct ReadingContext<'a> {
    /// The trust roots believed here.
    pub trust: &'a TrustStore,
    /// The wall clock, as it is.
    pub wall_clock: UnixSeconds,
    /// When this software was built: a clock before it is wrong.
    pub build_date: UnixSeconds,
    /// This appliance.
    pub appliance: &'a ApplianceId,
    /// The keys that this sensor holds.
    pub keys: &'a [Thumbprint],
    /// What was committed here.
    pub floors: &'a Floors,
    /// An admin's word that the end of the upload window does not matter.
    pub override_window: bool,
}

/// A verified activation, and what it is to this sensor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Above every floor.
    New(Verified<Activation>),
    /// The one in force: to take it again changes nothing, and is no error.
    AlreadyActive(Verified<Activation>),
}

impl Reading {
    /// The activation either way.
    #[must_use]
    pub const fn activation(&self) -> &Verified<Activation> {
        match self {
            Self::New(activation) | Self::AlreadyActive(activation) => activation,
        }
    }
}

/// Reads an activation file, armoured or binary.
///
/// # Errors
///
/// The [`Refusal`] of the first step that does not hold.
pub fn read_activation(file: &[u8], context: &ReadingContext<'_>) -> Result<Reading, Refusal> {
    // 1. Size, before anything else; the armour comes off.
    let file = binary(file)?;
    // 2. Strict CBOR gate over the file.
    let value = cbor::gate(&file, MAX_ACTIVATION_FILE)?;
    // 3. Envelope: self-described (RFC 8949 §3.4.6), a version we know, roots and activation.
    let envelope = envelope::open(value)?;
    // 4. Headers of the activation, gated and protected: exactly alg, kid, typ; payload and signature present.
    let signed = open_activation(&envelope.activation)?;
    // 5. Root chain: known here, in agreement with what is stored, each version signed by enough keys.
    let judgement = context.trust.judge(&envelope.roots)?;
    // 6. Signer: known to the newest root, of the right role, not withdrawn.
    let key = judgement.newest().signer(&signed.kid, Role::Activation)?;
    // 7. Signature: strictly, over the bytes received.
    verify(&signed, &key)?;
    // 8. Payload: gated and decoded from those same bytes; issued under the root that judged.
    let activation = codec::activation::decode(&signed.payload)?;
    issued_by(activation.issuer, judgement.id(), "activation")?;
    // 9. Time: not before its date, within the upload window.
    let window_overridden = admission::check_time(&activation, context)?;
    // 10. Binding: for this appliance, for a key held here.
    admission::check_binding(&activation, context)?;
    // 11. Serial: above the floor, or the very one in force.
    let withdrawn = |kid: &Kid| judgement.newest().withdrawn.contains(kid);
    let standing = admission::check_serial(&activation, context.floors, withdrawn)?;

    let verified = Verified::new(activation, signed.kid, file.into_owned())
        .with_roots(judgement.into_newer())
        .with_window_overridden(window_overridden);
    Ok(match standing {
        admission::Standing::New => Reading::New(verified),
        admission::Standing::AlreadyActive => Reading::AlreadyActive(verified),
    })
}

/// Reads a deactivation. Newer trust roots that came with it are adopted before.
///
/// Whether its serial still ends anything is for the lifecycle to say.
///
/// # Errors
///
/// The [`Refusal`] of the first step that does not hold.
pub fn read_deactivation(bytes: &[u8], trust: &TrustStore) -> Result<Verified<Deactivation>, Refusal> {
    // 1.–4. Size, gate, shape, headers.
    let signed = Sign1::open(bytes, MAX_DEACTIVATION, DocumentType::Deactivation, Algorithm::EdDsa)?;
    // 5.–6. Signer: believed by the newest version of a chain in the store.
    let (key, issuers) = signer_in(trust, &signed.kid, Role::Activation)?;
    // 7. Signature: strictly, over the bytes received.
    verify(&signed, &key)?;
    // 8. Payload: gated and decoded from those same bytes; issued under a root that believes its signer.
    let deactivation = codec::deactivation::decode(&signed.payload)?;
    let issuer = issuers.iter().find(|issuer| **issuer == deactivation.issuer).unwrap_or(&issuers[0]);
    issued_by(deactivation.issuer, issuer, "deactivation")?;
    Ok(Verified::new(deactivation, signed.kid, bytes.to_vec()))
}

/// Reads a recovery of this appliance's console.
///
/// Whether its nonce is still open, and its issuer the owner, is for the lifecycle to say.
///
/// # Errors
///
/// The [`Refusal`] of the first step that does not hold.
pub fn read_recovery(bytes: &[u8], trust: &TrustStore, appliance: &ApplianceId) -> Result<Verified<Recovery>, Refusal> {
    // 1.–4. Size, gate, shape, headers.
    let signed = Sign1::open(bytes, MAX_RECOVERY, DocumentType::Recovery, Algorithm::EdDsa)?;
    // 5.–6. Signer: believed by the newest version of a chain in the store.
    let (key, issuers) = signer_in(trust, &signed.kid, Role::Recovery)?;
    // 7. Signature: strictly, over the bytes received.
    verify(&signed, &key)?;
    // 8. Payload: gated and decoded from those same bytes; issued under a root that believes its signer.
    let recovery = codec::recovery::decode(&signed.payload)?;
    let issuer = issuers.iter().find(|issuer| **issuer == recovery.issuer).unwrap_or(&issuers[0]);
    issued_by(recovery.issuer, issuer, "recovery")?;
    // 9. Binding: for this appliance. No date: see `Recovery`.
    if recovery.appliance != *appliance {
        return Err(Refusal::WrongAppliance { bound_to: recovery.appliance, this: appliance.clone() });
    }
    Ok(Verified::new(recovery, signed.kid, bytes.to_vec()))
}

/// Reads a request, which is signed by the key that it names.
///
/// # Errors
///
/// The [`Refusal`] of the first step that does not hold.
pub fn read_request(bytes: &[u8]) -> Result<Verified<Request>, Refusal> {
    // 1.–4. Size, gate, shape, headers.
    let signed = Sign1::open(bytes, MAX_REQUEST, DocumentType::Request, Algorithm::Es256)?;
    // 5. Payload: gated and decoded. Only its key is used before the signature is checked, and only to check it.
    let request = codec::request::decode(&signed.payload)?;
    let at = At::document("request");
    let key = SensorKey::from_spki(&request.public_key);
    let key = key.ok_or_else(|| at.field("public key").malformed("not a P-256 key"))?;
    // 6. Signer: the key that it names.
    if key.thumbprint().as_bytes() != signed.kid.as_bytes() {
        return Err(Refusal::UnknownSigner { kid: signed.kid });
    }
    // 7. Signature, over the bytes received: proof of possession.
    if !key.verify(&signed.to_be_signed(), &signed.signature) {
        return Err(Refusal::BadSignature { kid: signed.kid });
    }
    Ok(Verified::new(request, signed.kid, bytes.to_vec()))
}

/// What an activation file looks like from outside. Nothing in it is believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspected {
    /// The id of the root chain it carries: what a person compares with what the portal shows.
    pub fingerprint: TrustRootId,
    /// The newest version in it.
    pub newest_version: u64,
    roots: Vec<Vec<u8>>,
}

impl Inspected {
    /// The versions in it, for [`TrustStore::pin_roots`] once a person has confirmed the fingerprint.
    #[must_use]
    pub fn roots(&self) -> &[Vec<u8>] {
        &self.roots
    }
}

/// Looks at the structure of an activation file, for the question whether to trust its root.
///
/// # Errors
///
/// What steps 1 to 4 refuse; [`Refusal::RootTooOld`] if its chain does not begin with version 1, so that it has no
/// fingerprint.
pub fn inspect(file: &[u8]) -> Result<Inspected, Refusal> {
    let file = binary(file)?;
    let envelope = envelope::open(cbor::gate(&file, MAX_ACTIVATION_FILE)?)?;
    open_activation(&envelope.activation)?;
    // The ends of the chain suffice: pinning opens and verifies all of it.
    let open = |root: Option<&Vec<u8>>| SignedRoot::open(root.map_or(&[], |root| root));
    let (first, last) = (open(envelope.roots.first())?, open(envelope.roots.last())?);
    let oldest_in_file = first.root().version;
    if oldest_in_file != 1 {
        return Err(Refusal::RootTooOld { oldest_in_file, pinned: 0 });
    }
    Ok(Inspected { fingerprint: first.id(), newest_version: last.root().version, roots: envelope.roots })
}

/// A file in its binary form, within its size.
fn binary(file: &[u8]) -> Result<Cow<'_, [u8]>, Refusal> {
    if armour::is_armoured(file) { armour::dearmour_bytes(file).map(Cow::Owned) } else { Ok(Cow::Borrowed(file)) }
}

fn open_activation(bytes: &[u8]) -> Result<Sign1, Refusal> {
    Sign1::open(bytes, MAX_ACTIVATION_FILE, DocumentType::Activation, Algorithm::EdDsa)
}

fn verify(signed: &Sign1, key: &PublicKey) -> Result<(), Refusal> {
    if key.verify(&signed.to_be_signed(), &signed.signature) {
        return Ok(());
    }
    Err(Refusal::BadSignature { kid: signed.kid })
}

/// `iss` names the trust root whose keys signed it.
fn issued_by(claimed: TrustRootId, judged_by: &TrustRootId, document: &'static str) -> Result<(), Refusal> {
    if claimed == *judged_by {
        return Ok(());
    }
    let at = At::document(document);
    Err(at.field("iss").malformed(format_args!("{claimed}, but it is signed under {judged_by}")))
}

/// The key `kid` and the ids of all chains whose newest version gives it this role; never none.
fn signer_in(trust: &TrustStore, kid: &Kid, role: Role) -> Result<(PublicKey, Vec<TrustRootId>), Refusal> {
    let mut refused = None;
    let mut signer: Option<(PublicKey, Vec<TrustRootId>)> = None;
    for chain in trust.chains() {
        match chain.newest().signer(kid, role) {
            Ok(key) => signer.get_or_insert((key, Vec::new())).1.push(*chain.id()),
            Err(Refusal::UnknownSigner { .. }) => {}
            Err(refusal) => refused = Some(refusal),
        }
    }
    signer.ok_or_else(|| refused.unwrap_or(Refusal::UnknownSigner { kid: *kid }))
}
