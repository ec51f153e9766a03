//! The gate, by properties: it accepts exactly the one encoding, and the decoders agree with it on that.

use std::cell::Cell;

use ciborium::Value;
use coset::CborSerializable as _;
use picket_protocol::{
    cbor::{FaultKind, MAX_DEPTH, encode, gate, scan},
    refusal::Refusal,
};
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};

/// Values such as documents hold, map keys unique, at most five levels.
fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (0u64..300).prop_map(Value::from),
        vec(any::<u8>(), 0..40).prop_map(Value::Bytes),
        vec(any::<u8>(), 250..300).prop_map(Value::Bytes),
        ".{0,30}".prop_map(Value::Text),
        any::<bool>().prop_map(Value::Bool),
        Just(Value::Null),
    ];
    leaf.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::Array),
            vec((keys(), inner), 0..8).prop_map(|entries| Value::Map(unique(entries))),
        ]
    })
}

fn keys() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i16>().prop_map(Value::from),
        "[a-z]{0,4}".prop_map(Value::Text),
        vec(any::<u8>(), 16).prop_map(Value::Bytes),
    ]
}

fn unique(entries: Vec<(Value, Value)>) -> Vec<(Value, Value)> {
    let mut kept: Vec<(Value, Value)> = vec![];
    for entry in entries {
        if kept.iter().all(|(key, _)| *key != entry.0) {
            kept.push(entry);
        }
    }
    kept
}

/// What holds of every input that the gate accepts.
fn accepted_is_the_one_encoding(bytes: &[u8]) -> bool {
    let Ok(value) = gate(bytes, usize::MAX) else { return false };
    assert_eq!(encode(&value), bytes);
    assert_eq!(ciborium::from_reader::<Value, _>(bytes).expect("ciborium reads it"), value);
    assert_eq!(Value::from_slice(bytes).expect("ciborium reads it"), value);
    true
}

proptest! {
    #[test]
    fn what_is_encoded_passes_the_gate_and_comes_back(value in values()) {
        let bytes = encode(&value);
        prop_assert!(accepted_is_the_one_encoding(&bytes));
        let tagged = encode(&Value::Tag(55_799, value.into()));
        prop_assert!(accepted_is_the_one_encoding(&tagged));
    }

    #[test]
    fn arbitrary_bytes_never_pass_as_another_encoding(bytes in vec(any::<u8>(), 0..64)) {
        accepted_is_the_one_encoding(&bytes);
    }

    #[test]
    fn changed_bytes_never_pass_as_another_encoding(
        value in values(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..3), 1..4),
    ) {
        let mut bytes = encode(&value);
        for (place, byte, change) in changes {
            let place = place.index(bytes.len() + 1);
            match change {
                0 => bytes.insert(place, byte),
                1 if place < bytes.len() => bytes[place] = byte,
                _ => bytes.truncate(place),
            }
        }
        accepted_is_the_one_encoding(&bytes);
    }

    #[test]
    fn a_truncated_item_is_refused_everywhere(value in values()) {
        let bytes = encode(&value);
        for end in 0..bytes.len() {
            let refused = gate(&bytes[..end], usize::MAX);
            prop_assert!(matches!(refused, Err(Refusal::Malformed { .. })), "{end}: {refused:?}");
        }
    }
}

/// Writes a value with the liberties that RFC 8949 leaves to encoders, as `choices` says.
struct Liberal<'a, Choices: Iterator<Item = u8>> {
    choices: &'a mut Choices,
}

impl<Choices: Iterator<Item = u8>> Liberal<'_, Choices> {
    fn choose(&mut self, one_in: u8) -> bool {
        self.choices.next().is_some_and(|choice| choice % one_in == 0)
    }

    fn head(&mut self, major: u8, argument: u64) -> Vec<u8> {
        let minimal = match argument {
            0..24 => 0,
            24..0x100 => 1,
            0x100..0x1_0000 => 2,
            0x1_0000..0x1_0000_0000 => 3,
            _ => 4,
        };
        let widened = if self.choose(8) { (minimal + 1).min(4) } else { minimal };
        let bytes = argument.to_be_bytes();
        match widened {
            0 => vec![(major << 5) | bytes[7]],
            width => [&[(major << 5) | (23 + width)], &bytes[8 - (1 << (width - 1))..]].concat(),
        }
    }

    fn open(&mut self, major: u8, length: usize) -> (Vec<u8>, Vec<u8>) {
        if self.choose(8) { (vec![(major << 5) | 31], vec![0xff]) } else { (self.head(major, length as u64), vec![]) }
    }

    fn string(&mut self, major: u8, bytes: &[u8]) -> Vec<u8> {
        if self.choose(8) {
            let chunk = [self.head(major, bytes.len() as u64), bytes.to_vec()].concat();
            return [vec![(major << 5) | 31], chunk, vec![0xff]].concat();
        }
        [self.head(major, bytes.len() as u64), bytes.to_vec()].concat()
    }

    fn write(&mut self, value: &Value) -> Vec<u8> {
        match value {
            Value::Integer(integer) => {
                let integer = i128::from(*integer);
                let (major, argument) = if integer < 0 { (1, -1 - integer) } else { (0, integer) };
                self.head(major, u64::try_from(argument).expect("an integer of CBOR"))
            }
            Value::Bytes(bytes) => self.string(2, bytes),
            Value::Text(text) => self.string(3, text.as_bytes()),
            Value::Array(items) => {
                let (start, end) = self.open(4, items.len());
                let items = items.iter().map(|item| self.write(item)).collect::<Vec<_>>().concat();
                [start, items, end].concat()
            }
            Value::Map(entries) => {
                let (start, end) = self.open(5, entries.len());
                let mut entries = entries.clone();
                if !self.choose(4) {
                    entries.sort_by_key(|(key, _)| encode(key));
                }
                let entry = |(key, value): &(Value, Value)| [self.write(key), self.write(value)].concat();
                [start, entries.iter().map(entry).collect::<Vec<_>>().concat(), end].concat()
            }
            other => encode(other),
        }
    }
}

/// Every encoding of a value but the one is refused, though ciborium reads the same value from it.
#[test]
fn every_other_encoding_of_a_value_is_refused_as_not_deterministic() {
    let met = FaultKind::ALL.map(|kind| (kind, Cell::new(0u32)));
    let strategy = (values(), vec(any::<u8>(), 0..200));
    let tried = TestRunner::default().run(&strategy, |(value, choices)| {
        let bytes = Liberal { choices: &mut choices.into_iter() }.write(&value);
        if bytes == encode(&value) {
            return Ok(());
        }
        let fault = scan(&bytes).expect_err("another encoding");
        prop_assert!(fault.kind.is_determinism(), "{:?}", fault);
        prop_assert_eq!(encode(&ciborium::from_reader::<Value, _>(&bytes[..]).unwrap()), encode(&value));
        met.iter().filter(|(kind, _)| *kind == fault.kind).for_each(|(_, count)| count.set(count.get() + 1));
        Ok(())
    });
    tried.unwrap();
    for (kind, count) in met.iter().filter(|(kind, _)| kind.is_determinism()) {
        assert!(count.get() > 0, "{kind:?} was never met");
    }
}

#[test]
fn nesting_costs_no_stack() {
    for opener in [0x81, 0xa1] {
        let deep = vec![opener; 1_000_000];
        let fault = scan(&deep).unwrap_err();
        assert!(fault.offset <= MAX_DEPTH + 1, "{fault:?}");
    }
}
