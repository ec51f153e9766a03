//! The activation's claims set. Keys are those of docs/cddl/activation.cddl.

use alloc::{collections::BTreeMap, vec::Vec};

use super::{claims, mode, open_claim};
use crate::{
    cbor::{
        self, Value,
        fields::{At, Entries, Fields, Read, Write, read_canonical, read_text_map, write_map},
    },
    documents::activation::{Activation, Binding, Subscription},
    ids::{ApplianceId, Thumbprint},
    names::Label,
    refusal::Refusal,
    wire::MAX_ACTIVATION_FILE,
};

const SERIAL: i64 = 1;
const NAME: i64 = 2;
const SUBSCRIPTION: i64 = 3;
const SITE: i64 = 4;
const ZONE: i64 = 5;
const TAGS: i64 = 6;
const BINDING: i64 = 7;
const LICENCE_UNTIL: i64 = 8;
const MODE: i64 = 9;
const SETTINGS: i64 = 10;
/// The keys of the claim that this reader understands.
const KNOWN: [i128; 10] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];

const BINDING_APPLIANCE: u64 = 1;
const BINDING_KEY: u64 = 2;

/// Gates and reads a payload; what it says must also hold together ([`Activation::check`]).
pub(crate) fn decode(payload: &[u8]) -> Result<Activation, Refusal> {
    let value = cbor::gate_part(payload, MAX_ACTIVATION_FILE, "activation payload")?;
    let mut claims = claims::open(value, At::document("activation"))?;
    let claim = claims.required::<Value>(claims::ACTIVATION, "claim")?;
    let mut fields = open_claim(claim, At::document("activation"), &KNOWN)?;
    let activation = Activation {
        issuer: claims::text(&mut claims, claims::ISS, "iss")?,
        sensor: claims::text(&mut claims, claims::SUB, "sub")?,
        issued_at: claims.required(claims::IAT, "iat")?,
        not_before: claims.required(claims::NBF, "nbf")?,
        upload_until: claims.required(claims::EXP, "exp")?,
        cti: claims.required(claims::CTI, "cti")?,
        serial: fields.required(SERIAL, "serial")?,
        name: fields.required(NAME, "name")?,
        subscription: fields.required(SUBSCRIPTION, "subscription")?,
        site: fields.optional(SITE, "site")?,
        zone: fields.optional(ZONE, "zone")?,
        tags: tags(&mut fields)?,
        binding: fields.optional(BINDING, "binding")?.unwrap_or(Binding::None),
        licence_until: fields.optional(LICENCE_UNTIL, "licence until")?,
        mode: mode::read(&mut fields, MODE, SETTINGS)?,
    };
    activation.check()?;
    Ok(activation)
}

pub(crate) fn encode(activation: &Activation) -> Vec<u8> {
    let (mode, settings) = mode::write(&activation.mode);
    let claim = Entries::default()
        .with(SERIAL, &activation.serial)
        .with(NAME, &activation.name)
        .with(SUBSCRIPTION, &activation.subscription)
        .maybe(SITE, activation.site.as_ref())
        .maybe(ZONE, activation.zone.as_ref())
        .maybe(TAGS, write_map(&activation.tags).as_ref())
        .maybe(BINDING, write_binding(&activation.binding).as_ref())
        .maybe(LICENCE_UNTIL, activation.licence_until.as_ref())
        .with(MODE, &mode)
        .with(SETTINGS, &settings)
        .map();
    let claims = claims::with_text(Entries::default(), claims::ISS, &activation.issuer);
    let claims = claims::with_text(claims, claims::SUB, &activation.sensor)
        .with(claims::EXP, &activation.upload_until)
        .with(claims::NBF, &activation.not_before)
        .with(claims::IAT, &activation.issued_at)
        .with(claims::CTI, &activation.cti)
        .with(claims::ACTIVATION, &claim);
    cbor::encode(&claims.map())
}

fn tags(fields: &mut Fields<'_>) -> Result<BTreeMap<Label, Label>, Refusal> {
    match fields.optional::<Value>(TAGS, "tags")? {
        Some(value) => read_tags(value, &fields.at().field("tags")),
        None => Ok(BTreeMap::new()),
    }
}

/// Tags in any document: a map from label to label.
pub(crate) fn read_tags(value: Value, at: &At<'_>) -> Result<BTreeMap<Label, Label>, Refusal> {
    read_text_map::<Label>(value, at, Activation::MAX_TAGS)?
        .map(|entry| {
            let (key, label) = entry?;
            Ok((Label::try_from(key).map_err(|error| at.malformed(error))?, label))
        })
        .collect()
}

impl Read for Subscription {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let mut fields = Fields::open(value, *at)?;
        Ok(Self { id: fields.required(1, "id")?, name: fields.required(2, "name")? })
    }
}

impl Write for Subscription {
    fn write(&self) -> Value {
        Entries::default().with(1, &self.id).with(2, &self.name).map()
    }
}

/// `[kind, value]`. An unknown kind refuses: ignoring it would let any sensor use the file.
impl Read for Binding {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let items: Result<[Value; 2], _> = value.into_array().unwrap_or_default().try_into();
        let [kind, value] = items.map_err(|_| at.malformed("not an array of kind and value"))?;
        match u64::read(kind, at)? {
            BINDING_APPLIANCE => read_canonical::<ApplianceId>(value, at).map(Self::Appliance),
            BINDING_KEY => Thumbprint::read(value, at).map(Self::Key),
            unknown => Err(Refusal::Unsupported { what: alloc::format!("binding of kind {unknown}") }),
        }
    }
}

fn write_binding(binding: &Binding) -> Option<Value> {
    let (kind, value) = match binding {
        Binding::None => return None,
        Binding::Appliance(appliance) => (BINDING_APPLIANCE, appliance.as_str().write()),
        Binding::Key(thumbprint) => (BINDING_KEY, thumbprint.write()),
    };
    Some(Value::Array(alloc::vec![kind.into(), value]))
}
