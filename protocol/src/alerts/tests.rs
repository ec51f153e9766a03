use alloc::string::{String, ToString as _};

use super::{
    event::{AlertEvent, Content, read_batch, read_one, write_skip},
    *,
};
use crate::ids::{Epoch, SensorId};

const STREAM: StreamId = StreamId::from_bytes([1; 16]);
const SENSOR: SensorId = SensorId::from_bytes([7; 16]);
const RECORD: &str = r#"{"event_type":"alert",  "a":1.50,"a":2,"text":"\u0041/\/"}"#;

fn alert(number: u64) -> AlertEvent<'static> {
    let id = AlertId { stream: STREAM, number };
    AlertEvent {
        id,
        sensor: SENSOR,
        epoch: Epoch(3),
        severity: Severity::Medium,
        at: UnixMillis(1_500),
        record: RECORD,
    }
}

#[test]
fn a_record_travels_byte_for_byte() {
    let mut out = String::from("[");
    alert(1).write(&mut out);
    out.push(',');
    alert(u64::MAX).write(&mut out);
    out.push(']');
    let events = read_batch(out.as_bytes()).unwrap();
    for (event, number) in events.iter().zip([1, u64::MAX]) {
        let Content::Alert { id, epoch, severity, time, record } = &event.content else { panic!("{event:?}") };
        assert_eq!(*id, AlertId { stream: STREAM, number });
        assert_eq!((*epoch, *severity, &**time), (Epoch(3), Severity::Medium, "1970-01-01T00:00:01.500Z"));
        assert_eq!(*record, RECORD);
        assert_eq!(event.source, alloc::format!("/sensors/{SENSOR}"));
    }
}

#[test]
fn the_envelope_keeps_its_bound() {
    let id = AlertId { stream: STREAM, number: u64::MAX };
    let widest = AlertEvent { id, epoch: Epoch(u64::MAX), at: UnixMillis(i64::MAX), record: "", ..alert(1) };
    let mut out = String::new();
    widest.write(&mut out);
    assert!(out.len() <= event::MAX_ENVELOPE, "{}", out.len());
}

#[test]
fn a_skip_is_read_as_written() {
    let skip = Skip { stream: STREAM, from: 5, to: 9, reason: DropReason::Full };
    let mut out = String::new();
    write_skip(&skip, SENSOR, &mut out);
    let Content::Skip(read) = read_one(out.as_bytes()).unwrap().content else { panic!("{out}") };
    assert_eq!((read, read.count()), (skip, 5));
}

#[test]
fn a_record_may_be_any_json_value() {
    for record in ["null", "0", "[]", "\"text\"", "{}"] {
        let mut out = String::new();
        AlertEvent { record, ..alert(7) }.write(&mut out);
        let Content::Alert { record: read, .. } = read_one(out.as_bytes()).unwrap().content else { panic!("{out}") };
        assert_eq!(read, record);
    }
}

#[test]
fn refuses_what_is_no_event_of_ours() {
    let mut good = String::new();
    alert(7).write(&mut good);
    let id = AlertId { stream: STREAM, number: 7 }.to_string();
    for (from, to) in [
        ("\"1.0\"", "\"0.3\""),
        (id.as_str(), "7"),
        ("/7\"", "/07\""),
        ("/7\"", "/0\""),
        ("/7\"", "/+7\""),
        ("\"picketepoch\":3,", ""),
        (",\"data\":", ",\"date\":"),
        ("\"time\":\"1970-01-01T00:00:01.500Z\",", ""),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(read_one(good.replace(from, to).as_bytes()).is_err(), "{from} → {to}");
    }
    let mut skip = String::new();
    write_skip(&Skip { stream: STREAM, from: 5, to: 9, reason: DropReason::Age }, SENSOR, &mut skip);
    for (from, to) in [("/5-9", "/5-8"), ("/5-9", "/9-5"), ("\"age\"", "\"whim\""), ("\"from\":5", "\"from\":0")] {
        assert!(skip.contains(from), "{from}");
        assert!(read_one(skip.replace(from, to).as_bytes()).is_err(), "{from} → {to}");
    }
}

#[test]
fn a_type_that_is_not_ours_is_told_apart() {
    let event = br#"{"specversion":"1.0","id":"1","source":"/x","type":"com.example.other","data":{}}"#;
    assert!(matches!(read_one(event).unwrap().content, Content::Other(kind) if kind == "com.example.other"));
}
