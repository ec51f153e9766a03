use std::vec;

use super::*;

fn fault(bytes: &[u8]) -> FaultKind {
    scan(bytes).unwrap_err().kind
}

#[test]
fn names_each_fault() {
    let deep: Vec<u8> = core::iter::repeat_n(0x81, 100_000).chain([0]).collect();
    let many: Vec<u8> = [0x99, 0x20, 0x00].into_iter().chain(core::iter::repeat_n(0, 0x2000)).collect();
    let cases: [(&[u8], FaultKind); 32] = [
        (&[0x5f, 0x41, 0x00, 0xff], FaultKind::IndefiniteLength),
        (&[0x7f, 0xff], FaultKind::IndefiniteLength),
        (&[0x9f, 0xff], FaultKind::IndefiniteLength),
        (&[0xbf, 0xff], FaultKind::IndefiniteLength),
        (&[0x18, 0x17], FaultKind::NotMinimal),
        (&[0x19, 0x00, 0xff], FaultKind::NotMinimal),
        (&[0x1a, 0x00, 0x00, 0xff, 0xff], FaultKind::NotMinimal),
        (&[0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff], FaultKind::NotMinimal),
        (&[0x58, 0x01, 0x00], FaultKind::NotMinimal),
        (&[0xd8, 0x12, 0x00], FaultKind::NotMinimal),
        (&[0xa2, 0x02, 0x00, 0x01, 0x00], FaultKind::UnsortedKeys),
        (&[0xa2, 0x20, 0x00, 0x18, 0x18, 0x00], FaultKind::UnsortedKeys),
        (&[], FaultKind::Truncated),
        (&[0x82, 0x00], FaultKind::Truncated),
        (&[0x42, 0x00], FaultKind::Truncated),
        (&[0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], FaultKind::Truncated),
        (&[0x00, 0x00], FaultKind::TrailingBytes),
        (&[0x1c], FaultKind::ReservedHead),
        (&[0x1f], FaultKind::ReservedHead),
        (&[0xff], FaultKind::ReservedHead),
        (&deep, FaultKind::TooDeep),
        (&many, FaultKind::TooManyItems),
        (&[0x61, 0xff], FaultKind::NotUtf8),
        (&[0xa2, 0x01, 0x00, 0x01, 0x00], FaultKind::DuplicateKey),
        (&[0xa1, 0x80, 0x00], FaultKind::KeyType),
        (&[0x81, 0xc1, 0x00], FaultKind::Tag),
        (&[0xc2, 0x42, 0xc2, 0xc2], FaultKind::Tag),
        (&[0xd9, 0xd9, 0xf6, 0x00], FaultKind::Tag),
        (&[0xf9, 0x7e, 0x00], FaultKind::Float),
        (&[0xfb, 0x7f, 0xf8, 0, 0, 0, 0, 0, 0], FaultKind::Float),
        (&[0xf7], FaultKind::SimpleValue),
        (&[0xf8, 0x20], FaultKind::SimpleValue),
    ];
    for (bytes, kind) in cases {
        assert_eq!(fault(bytes), kind, "{:02x?}", &bytes[..bytes.len().min(16)]);
    }
    for kind in FaultKind::ALL {
        assert!(cases.iter().any(|(_, named)| *named == kind), "{kind:?} has no case");
    }
}

#[test]
fn takes_exactly_sixteen_levels() {
    let nested = |levels: usize| core::iter::repeat_n(0x81, levels).chain([0]).collect::<Vec<u8>>();
    assert_eq!(scan(&nested(MAX_DEPTH)), Ok(()));
    assert_eq!(fault(&nested(MAX_DEPTH + 1)), FaultKind::TooDeep);
}

#[test]
fn encodes_maps_in_bytewise_key_order() {
    let map = Value::Map(vec![
        (Value::from(-1), Value::Null),
        (Value::from(24), Value::Null),
        (Value::Text("a".into()), Value::Null),
        (Value::from(0), Value::Null),
    ]);
    assert_eq!(encode(&map), [0xa4, 0x00, 0xf6, 0x18, 0x18, 0xf6, 0x20, 0xf6, 0x61, b'a', 0xf6]);
}

#[test]
fn refuses_by_size_before_looking() {
    assert_eq!(gate(&[0xff; 5], 4), Err(Refusal::TooLarge { found: 5, limit: 4 }));
}

#[test]
fn says_where_and_whether_it_was_determinism() {
    assert_eq!(gate(&[0x18, 0x17], 9), Err(Refusal::NotDeterministic { at: "byte 0: not in the fewest bytes".into() }));
    assert_eq!(gate(&[0x00, 0x00], 9), Err(Refusal::Malformed { at: "byte 1: bytes after the end".into() }));
}

#[test]
fn encoding_costs_the_same_however_deep_maps_stand_in_keys() {
    let nested = (0..200).fold(Value::Null, |value, _| Value::Map(vec![(value, Value::Null)]));
    assert_eq!(encode(&nested).len(), 401);
}

#[test]
fn heads_are_written_as_ciborium_writes_them() {
    for argument in [0, 1, 23, 24, 255, 256, 65_535, 65_536, 1 << 31, (1 << 32) - 1, 1 << 32, usize::MAX] {
        let mut head = vec![];
        push_head(&mut head, 0, argument);
        assert_eq!(head, encode(&Value::from(argument as u64)));
    }
}
