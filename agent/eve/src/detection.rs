//! The `alert` object of a record: its severity, found while the line is checked to be JSON, so that nothing is read twice.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// What is known of a detection. Anything in its place is one: a field of an unexpected type must not cost the alert.
#[derive(Debug, Default)]
pub(crate) struct Detection {
    pub(crate) severity: Option<u64>,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Severity,
    #[serde(other)]
    Other,
}

impl<'de> Deserialize<'de> for Detection {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Detection;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("any value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Detection, A::Error> {
        let mut found = Detection::default();
        while let Some(key) = map.next_key()? {
            match key {
                Key::Severity => found.severity = map.next_value::<&RawValue>()?.get().parse().ok(),
                Key::Other => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Detection, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Detection::default())
    }

    fn visit_unit<E>(self) -> Result<Detection, E> {
        Ok(Detection::default())
    }

    fn visit_bool<E>(self, _: bool) -> Result<Detection, E> {
        Ok(Detection::default())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Detection, E> {
        Ok(Detection::default())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Detection, E> {
        Ok(Detection::default())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Detection, E> {
        Ok(Detection::default())
    }

    fn visit_str<E>(self, _: &str) -> Result<Detection, E> {
        Ok(Detection::default())
    }
}
