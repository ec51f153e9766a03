//! Typed reading of a gated map, field by field, with the path of what is wrong; and writing one. Integer keys only;
//! a key that nobody asks for is ignored.

use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use core::{fmt, ops::RangeInclusive, str::FromStr};

use super::Value;
use crate::{
    ids::{Cti, Epoch, HeartbeatDigest, Kid, SensorId, Serial, StreamId, SubscriptionId, Thumbprint},
    names::{Label, SensorName},
    refusal::Refusal,
    time::UnixSeconds,
};

/// Where in a document reading is: `activation.hub.url`.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a Self>,
    name: &'static str,
}

impl<'a> At<'a> {
    pub(crate) const fn document(name: &'static str) -> Self {
        At { parent: None, name }
    }

    pub(crate) const fn field(&'a self, name: &'static str) -> Self {
        At { parent: Some(self), name }
    }

    /// The refusal of what stands here.
    pub(crate) fn malformed(&self, why: impl fmt::Display) -> Refusal {
        Refusal::Malformed { at: format!("{self}: {why}") }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.name)
    }
}

/// What can be read from one gated value.
pub(crate) trait Read: Sized {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal>;
}

/// What can be written as one value.
pub(crate) trait Write {
    fn write(&self) -> Value;
}

/// The entries of a map that were not yet asked for. A list, searched from its start: our maps have a dozen keys.
pub(crate) struct Fields<'a> {
    at: At<'a>,
    entries: Vec<(Value, Value)>,
}

impl<'a> Fields<'a> {
    pub(crate) fn open(value: Value, at: At<'a>) -> Result<Self, Refusal> {
        let Value::Map(entries) = value else {
            return Err(at.malformed("not a map"));
        };
        if entries.iter().all(|(key, _)| key.is_integer()) {
            return Ok(Self { at, entries });
        }
        Err(at.malformed("a key that is not an integer"))
    }

    pub(crate) fn optional<T: Read>(&mut self, key: i64, name: &'static str) -> Result<Option<T>, Refusal> {
        let Some(position) = self.position(key.into()) else {
            return Ok(None);
        };
        let (_, value) = self.entries.swap_remove(position);
        T::read(value, &self.at.field(name)).map(Some)
    }

    pub(crate) fn required<T: Read>(&mut self, key: i64, name: &'static str) -> Result<T, Refusal> {
        self.optional(key, name)?.ok_or_else(|| self.at.field(name).malformed("missing"))
    }

    /// Whether `key` stands here and was not yet asked for.
    pub(crate) fn has(&self, key: i128) -> bool {
        self.position(key).is_some()
    }

    fn position(&self, key: i128) -> Option<usize> {
        self.entries.iter().position(|(found, _)| found.as_integer().is_some_and(|found| i128::from(found) == key))
    }

    pub(crate) const fn at(&self) -> &At<'a> {
        &self.at
    }
}

/// The elements of an array whose length lies in `lengths`.
pub(crate) fn read_list<T: Read>(value: Value, at: &At<'_>, lengths: RangeInclusive<usize>) -> Result<Vec<T>, Refusal> {
    let Value::Array(items) = value else {
        return Err(at.malformed("not an array"));
    };
    if !lengths.contains(&items.len()) {
        return Err(at.malformed(format_args!(
            "{} elements, must be {} to {}",
            items.len(),
            lengths.start(),
            lengths.end()
        )));
    }
    items.into_iter().map(|item| T::read(item, at)).collect()
}

/// A map from text to `T` with at most `most` entries.
pub(crate) fn read_text_map<T: Read>(
    value: Value,
    at: &At<'_>,
    most: usize,
) -> Result<impl Iterator<Item = Result<(String, T), Refusal>>, Refusal> {
    let Value::Map(entries) = value else {
        return Err(at.malformed("not a map"));
    };
    if entries.len() > most {
        return Err(at.malformed(format_args!("{} entries, at most {most}", entries.len())));
    }
    Ok(entries.into_iter().map(move |(key, value)| Ok((String::read(key, at)?, T::read(value, at)?))))
}

/// Text of which only the canonical spelling is taken, so that one value has one encoding.
pub(crate) fn read_canonical<T: FromStr + ToString>(value: Value, at: &At<'_>) -> Result<T, Refusal> {
    let text = String::read(value, at)?;
    let parsed = text.parse::<T>().ok().filter(|parsed| parsed.to_string() == text);
    parsed.ok_or_else(|| at.malformed(format_args!("not its canonical text: {text:?}")))
}

impl Read for Value {
    fn read(value: Value, _: &At<'_>) -> Result<Self, Refusal> {
        Ok(value)
    }
}

impl Read for bool {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        value.into_bool().map_err(|_| at.malformed("neither true nor false"))
    }
}

impl Read for String {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        value.into_text().map_err(|_| at.malformed("not text"))
    }
}

impl Read for Vec<u8> {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        value.into_bytes().map_err(|_| at.malformed("not a byte string"))
    }
}

impl Read for i128 {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        value.into_integer().map(Self::from).map_err(|_| at.malformed("not an integer"))
    }
}

macro_rules! read_integer {
    ($($integer:ty),+) => {
        $(impl Read for $integer {
            fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
                i128::read(value, at)?.try_into().map_err(|_| at.malformed("out of range"))
            }
        })+
    };
}

read_integer!(u8, u32, u64);

/// Instants from 1970 to the end of the year 9999: what RFC 3339 can print.
impl Read for UnixSeconds {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let seconds = i128::read(value, at)?;
        let instant = i64::try_from(seconds).ok().map(Self).filter(|instant| Self::RANGE.contains(instant));
        instant.ok_or_else(|| at.malformed("not an instant of the years 1970 to 9999"))
    }
}

impl Read for Serial {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let serial = Self(u64::read(value, at)?);
        if serial <= Self::MAX { Ok(serial) } else { Err(at.malformed("out of range")) }
    }
}

impl Read for Epoch {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        u64::read(value, at).map(Self)
    }
}

impl<const LENGTH: usize> Read for [u8; LENGTH] {
    fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
        let bytes = Vec::<u8>::read(value, at)?;
        let found = bytes.len();
        bytes.try_into().map_err(|_| at.malformed(format_args!("{found} bytes, must be {LENGTH}")))
    }
}

macro_rules! read_from {
    ($($type:ty: $wire:ty),+ $(,)?) => {
        $(impl Read for $type {
            fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
                <$wire>::read(value, at).map(<$type>::from_bytes)
            }
        }

        impl Write for $type {
            fn write(&self) -> Value {
                Value::Bytes(self.as_bytes().to_vec())
            }
        })+
    };
}

read_from!(
    Kid: [u8; 32],
    Thumbprint: [u8; 32],
    HeartbeatDigest: [u8; 32],
    SensorId: [u8; 16],
    SubscriptionId: [u8; 16],
    StreamId: [u8; 16],
    Cti: [u8; 16],
);

macro_rules! read_name {
    ($($type:ty),+) => {
        $(impl Read for $type {
            fn read(value: Value, at: &At<'_>) -> Result<Self, Refusal> {
                Self::try_from(String::read(value, at)?).map_err(|error| at.malformed(error))
            }
        }

        impl Write for $type {
            fn write(&self) -> Value {
                self.as_str().write()
            }
        })+
    };
}

read_name!(SensorName, Label);

macro_rules! write_into {
    ($($type:ty),+) => {
        $(impl Write for $type {
            fn write(&self) -> Value {
                Value::from(*self)
            }
        })+
    };
}

write_into!(bool, u8, u32, u64, i64);

impl Write for str {
    fn write(&self) -> Value {
        Value::Text(self.into())
    }
}

impl Write for String {
    fn write(&self) -> Value {
        Value::Text(self.clone())
    }
}

impl Write for Vec<u8> {
    fn write(&self) -> Value {
        Value::Bytes(self.clone())
    }
}

impl<const LENGTH: usize> Write for [u8; LENGTH] {
    fn write(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl Write for UnixSeconds {
    fn write(&self) -> Value {
        self.0.into()
    }
}

impl Write for Serial {
    fn write(&self) -> Value {
        self.0.into()
    }
}

impl Write for Epoch {
    fn write(&self) -> Value {
        self.0.into()
    }
}

impl Write for Value {
    fn write(&self) -> Value {
        self.clone()
    }
}

/// A map under construction. Order does not matter: [`super::encode`] sorts.
#[derive(Default)]
pub(crate) struct Entries(Vec<(Value, Value)>);

impl Entries {
    pub(crate) fn with<T: Write + ?Sized>(mut self, key: i64, value: &T) -> Self {
        self.0.push((key.into(), value.write()));
        self
    }

    pub(crate) fn maybe<T: Write>(self, key: i64, value: Option<&T>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    pub(crate) fn map(self) -> Value {
        Value::Map(self.0)
    }
}

/// An array of what `items` write.
pub(crate) fn write_list<'a, T: Write + 'a>(items: impl IntoIterator<Item = &'a T>) -> Value {
    Value::Array(items.into_iter().map(Write::write).collect())
}

/// A map of `entries`; empty maps are left out of documents, so None.
pub(crate) fn write_map<'a, K: Write + 'a, V: Write + 'a>(
    entries: impl IntoIterator<Item = (&'a K, &'a V)>,
) -> Option<Value> {
    let entries: Vec<_> = entries.into_iter().map(|(key, value)| (key.write(), value.write())).collect();
    (!entries.is_empty()).then_some(Value::Map(entries))
}
