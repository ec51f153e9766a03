//! Events on their way to an IoT hub. The first byte says whether the rest is a batch, one event, or an engine's record
//! to be put into one.
#![no_main]

use libfuzzer_sys::fuzz_target;
use picket_fuzz::{planted, split, tally};
use picket_protocol::{
    alerts::{
        AlertId, MAX_RECORD, Severity, UnixMillis,
        event::{AlertEvent, Content, HubEvent, read_batch, read_one, write_skip},
    },
    ids::{Epoch, SensorId, StreamId},
};
use serde::de::IgnoredAny;

const SENSOR: SensorId = SensorId::from_bytes([7; 16]);

fuzz_target!(
    init: {
        write_seeds();
        tally::start(&["alert", "skip", "probe", "other", "refused", "record"]);
    },
    |data: &[u8]| {
        planted(data);
        let Some((first, body)) = split(data) else { return };
        match first % 3 {
            0 => match read_batch(body) {
                Ok(events) => events.iter().for_each(written_again),
                Err(_) => tally::count("refused"),
            },
            1 => match read_one(body) {
                Ok(event) => written_again(&event),
                Err(_) => tally::count("refused"),
            },
            _ => travels(body),
        }
    }
);

/// What was read is written and read once more as the same.
fn written_again(event: &HubEvent<'_>) {
    match &event.content {
        Content::Alert { id, epoch, severity, record, .. } => {
            tally::count("alert");
            same_alert(&AlertEvent {
                id: *id,
                sensor: SENSOR,
                epoch: *epoch,
                severity: *severity,
                at: UnixMillis(0),
                record,
            });
        }
        Content::Skip(skip) => {
            tally::count("skip");
            let mut out = String::new();
            write_skip(skip, SENSOR, &mut out);
            let Ok(HubEvent { content: Content::Skip(read), .. }) = read_one(out.as_bytes()) else { panic!("{out}") };
            assert_eq!(read, *skip);
        }
        Content::Probe(nonce) => {
            tally::count("probe");
            assert!(!nonce.is_empty());
        }
        Content::Other(_) => tally::count("other"),
    }
}

/// A record that is JSON leaves its event as it went in, whatever is in it.
fn travels(record: &[u8]) {
    let Ok(record) = std::str::from_utf8(record) else { return };
    let trimmed = record.trim_matches([' ', '\t', '\r', '\n']);
    if trimmed.len() > MAX_RECORD || serde_json::from_str::<IgnoredAny>(trimmed).is_err() {
        return;
    }
    tally::count("record");
    let id = AlertId { stream: StreamId::from_bytes([1; 16]), number: 1 };
    let at = UnixMillis(i64::from(u32::try_from(record.len()).unwrap_or(u32::MAX)));
    same_alert(&AlertEvent { id, sensor: SENSOR, epoch: Epoch(1), severity: Severity::Low, at, record: trimmed });
}

fn same_alert(alert: &AlertEvent<'_>) {
    let mut out = String::new();
    alert.write(&mut out);
    let Ok(HubEvent { content: Content::Alert { id, epoch, severity, record, .. }, source }) = read_one(out.as_bytes())
    else {
        panic!("{out}")
    };
    assert_eq!((id, epoch, severity, record), (alert.id, alert.epoch, alert.severity, alert.record));
    assert_eq!(source, format!("/sensors/{SENSOR}"));
}

fn write_seeds() {
    let Some(folder) = std::env::var_os("PICKET_FUZZ_SEEDS") else { return };
    let folder = std::path::Path::new(&folder);
    std::fs::create_dir_all(folder).expect("a folder for seeds");
    let alert = r#"{"specversion":"1.0","id":"01010101-0101-0101-0101-010101010101/7","source":"/sensors/x","type":"io.picket.alert","time":"2026-01-01T00:00:00.000Z","datacontenttype":"application/json","picketepoch":3,"picketseverity":2,"data":{"event_type":"alert"}}"#;
    let skip = r#"{"specversion":"1.0","id":"01010101-0101-0101-0101-010101010101/5-9","source":"/sensors/x","type":"io.picket.skip","data":{"from":5,"to":9,"reason":"full"}}"#;
    let probe = r#"{"specversion":"1.0","id":"00ff","source":"/sensors/x","type":"io.picket.probe"}"#;
    let other = r#"{"specversion":"1.0","id":"1","source":"/","type":"com.example.other","data":null}"#;
    let record = r#"{"timestamp":"2026-01-01T00:00:00.000000+0000","event_type":"alert","alert":{"severity":1,"signature":"\u0000\ud83d\ude00"}}"#;
    let seeds = [
        format!("\0[{alert},{skip},{probe},{other}]"),
        format!("\u{1}{alert}"),
        format!("\u{1}{skip}"),
        format!("\u{1}{probe}"),
        format!("\u{1}{other}"),
        format!("\u{2}{record}"),
    ];
    for (number, seed) in seeds.iter().enumerate() {
        std::fs::write(folder.join(format!("events-{number}")), seed).expect("a seed");
    }
}
