//! A reader of CEF written from the specification alone must give back what went in.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::json;

use super::{
    super::event::tests::{alert, health},
    message::{Header, MAX_CLASS, MAX_NAME, Message},
    text::{Position, plain},
    *,
};

const LIMIT: usize = 8000;

/// A message as a SIEM reads it.
#[derive(Debug)]
struct Read {
    class: String,
    name: String,
    severity: String,
    fields: BTreeMap<String, String>,
}

/// Splits the header at its bars, the extension at the keys, and only then unescapes.
fn read(message: &str) -> Read {
    let mut rest = message.strip_prefix("CEF:0|").expect("the prefix");
    let mut header = [const { String::new() }; 6];
    for field in &mut header {
        let end = unescaped(rest, '|').expect("a bar");
        *field = rest[..end].replace("\\|", "|").replace("\\\\", "\\");
        rest = &rest[end + 1..];
    }
    let [vendor, product, _, class, name, severity] = header;
    assert_eq!((&*vendor, &*product), ("Picket", "Picket"));
    Read { class, name, severity, fields: read_extension(rest) }
}

fn read_extension(mut rest: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while let Some(equals) = unescaped(rest, '=') {
        let key = &rest[..equals];
        assert!(!key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric()), "{key:?}");
        rest = &rest[equals + 1..];
        let next_key = unescaped(rest, '=').and_then(|next| rest[..next].rfind(' ')).unwrap_or(rest.len());
        let doubled = fields.insert(key.to_owned(), unescape_value(&rest[..next_key]));
        assert_eq!(doubled, None, "{key} stands twice");
        rest = rest.get(next_key + 1..).unwrap_or_default();
    }
    assert_eq!(rest, "", "text that belongs to no key");
    fields
}

/// Where `wanted` stands with no backslash that escapes it.
fn unescaped(text: &str, wanted: char) -> Option<usize> {
    let mut escaped = false;
    text.char_indices().find_map(|(at, c)| {
        let found = c == wanted && !escaped;
        escaped = c == '\\' && !escaped;
        found.then_some(at)
    })
}

fn unescape_value(text: &str) -> String {
    let (mut out, mut chars) = (String::new(), text.chars());
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.push(match chars.next().expect("nothing is escaped at the end") {
                'n' => '\n',
                'r' => '\r',
                escaped @ ('\\' | '=') => escaped,
                other => panic!("\\{other} means nothing"),
            }),
            c => out.push(c),
        }
    }
    out
}

fn one_field(value: &str) -> Option<String> {
    let mut message = Message::new(&Header { class: "c", name: "n", severity: 5 }, LIMIT);
    message.exact("rt", 1);
    message.text("msg", value, 1023);
    message.exact("cn1", 2);
    let read = read(&message.finish());
    assert_eq!((&*read.fields["rt"], &*read.fields["cn1"]), ("1", "2"));
    read.fields.get("msg").cloned()
}

#[test]
fn nasty_values_come_back_equal() {
    for nasty in [
        r"\",
        r"\\",
        r"\\\=",
        "=",
        "a=b",
        "a= b=c",
        "|",
        "end|",
        r"\n is no line end",
        "line\nline\r\nline",
        r"C:\new\readme=1|x",
        "x cs1=forged rt=0",
        r"x\ cs1=forged",
        "CEF:0|a|b|c|d|e|10|",
        "<34>1 2026-01-01T00:00:00Z forged - - - -",
        "Ünïcödé 日本 😀 \u{202e}gnirts\u{2028}.",
        "\u{feff}BOM",
        "%0a%00${jndi:ldap://x}",
    ] {
        assert_eq!(one_field(nasty).as_deref(), Some(nasty));
    }
}

#[test]
fn what_cef_cannot_spell_is_replaced_in_a_stated_way() {
    assert_eq!(one_field("a\0b\u{1b}[31mc\u{7f}d\u{85}e").unwrap(), "a\u{fffd}b\u{fffd}[31mc\u{fffd}d\u{fffd}e");
    assert_eq!(one_field("\t a\tb \n").unwrap(), "a b");
    assert_eq!(one_field(" \r\n "), None);
    assert_eq!(plain("one\r\ntwo\tthree\0", Position::Header, 99), "one  two three\u{fffd}");
}

#[test]
fn a_mebibyte_is_cut_where_the_dictionary_says() {
    let cut = one_field(&"😀".repeat(1 << 18)).unwrap();
    assert_eq!((cut.chars().count(), cut.chars().next_back()), (1023, Some('…')));
    assert_eq!(one_field(&"x".repeat(1023)).unwrap(), "x".repeat(1023));
    let long = "|".repeat(1 << 20);
    let read = read(&Message::new(&Header { class: &long, name: &long, severity: 99 }, LIMIT).finish());
    assert_eq!((read.class.chars().count(), read.name.chars().count()), (MAX_CLASS, MAX_NAME));
    assert_eq!(read.severity, "10");
}

#[test]
fn an_alert_carries_what_a_siem_searches_for() {
    let record = json!({
        "src_ip": "10.0.0.1", "src_port": 502, "dest_ip": "fe80::1", "dest_port": 65535, "proto": "TCP", "app_proto": "modbus",
        "alert": {
            "gid": 1, "signature_id": 2_024_001, "signature": "Write=1 | \\coil\\\nforged", "category": "ICS", "action": "allowed",
        },
    });
    let read = read(&write(&alert(&record.to_string()), LIMIT));
    assert_eq!((&*read.class, &*read.name, &*read.severity), ("1:2024001", "Write=1 | \\coil\\ forged", "5"));
    for (key, value) in [
        ("rt", "1769846400250"),
        ("cs1Label", "id"),
        ("cs1", "01010101-0101-0101-0101-010101010101/5"),
        ("cn1", "3"),
        ("dvchost", "Pump 1"),
        ("deviceExternalId", "07070707-0707-0707-0707-070707070707"),
        ("src", "10.0.0.1"),
        ("spt", "502"),
        ("c6a3", "fe80::1"),
        ("c6a3Label", "Destination IPv6 Address"),
        ("dpt", "65535"),
        ("cs2", "Plant | A=1"),
        ("cat", "ICS"),
        ("msg", "Write=1 | \\coil\\\nforged"),
    ] {
        assert_eq!(read.fields.get(key).map(String::as_str), Some(value), "{key}");
    }
}

#[test]
fn a_record_whose_types_lie_is_still_an_alert() {
    for record in [
        "",
        "null",
        "[]",
        r#"{"alert":"x"}"#,
        r#"{"alert":{"signature":["x"],"signature_id":{}},"src_ip":7,"src_port":"0x50","dest_port":65536}"#,
        r#"{"src_ip":"10.0.0.1 dst=6.6.6.6","dest_ip":"::ffff:1.2.3.4%eth0","src_port":-1}"#,
    ] {
        let read = read(&write(&alert(record), LIMIT));
        assert_eq!((&*read.class, &*read.name), ("alert", "Alert"), "{record}");
        assert!(["src", "dst", "spt", "dpt", "c6a2", "c6a3"].iter().all(|key| !read.fields.contains_key(*key)));
    }
}

#[test]
fn a_health_event_names_one_sensor_or_lists_many() {
    let one = read(&write(&health(1), LIMIT));
    assert_eq!((&*one.class, &*one.fields["dvchost"]), ("health:sensor-disconnected", "Pump 1"));
    let two = read(&write(&health(2), LIMIT));
    assert_eq!((&*two.fields["cnt"], two.fields.get("dvchost")), ("2", None));
    assert_eq!(two.fields["cs4"], "Pump 1 (2026-01-31T08:00:00Z), Pump 2 (2026-01-31T08:00:00Z)");
}

/// Text with many of the characters that steer a reader.
fn hostile() -> impl Strategy<Value = String> {
    const PIECES: [&str; 16] =
        ["\\", "|", "=", "\n", "\r", "\t", " ", " msg=", "cs1=", "\0", "\u{9f}", "é", "😀", "n", "CEF:0|", "\u{fffd}"];
    let piece = prop_oneof![
        4 => proptest::sample::select(&PIECES[..]).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(piece, 0..80).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_field_comes_back_equal(class in hostile(), name in hostile(), values in proptest::collection::vec(hostile(), 6)) {
        let mut message = Message::new(&Header { class: &class, name: &name, severity: 3 }, 1 << 20);
        for (key, value) in ["cat", "act", "request"].iter().zip(&values) {
            message.text(key, value, 1023);
        }
        for (number, value) in (1..).zip(&values[3..]) {
            message.custom(number, "site", value);
        }
        let read = read(&message.finish());
        prop_assert_eq!(read.class, plain(&class, Position::Header, MAX_CLASS));
        prop_assert_eq!(read.name, plain(&name, Position::Header, MAX_NAME));
        for (key, value) in ["cat", "act", "request", "cs1", "cs2", "cs3"].iter().zip(&values) {
            let expected = plain(value, Position::Extension, 1023);
            prop_assert_eq!(read.fields.get(*key).map_or("", String::as_str), expected);
        }
    }

    #[test]
    fn text_without_control_characters_and_spaces_at_its_ends_is_untouched(text in "[^\\p{Cc}]{0,500}") {
        prop_assert_eq!(plain(&text, Position::Extension, 1023), text.trim());
        prop_assert_eq!(plain(&text, Position::Header, 1023), text.trim());
    }

    #[test]
    fn a_cut_message_is_whole_and_keeps_its_bound(name in hostile(), value in hostile(), limit in 100_usize..900) {
        let record = json!({ "alert": { "signature": name, "category": value }, "http": { "url": value } }).to_string();
        let Event::Alert(mut shared) = alert(&record) else { unreachable!() };
        shared.place = Place { site: "s".repeat(128).parse().ok(), zone: "=".repeat(128).parse().ok() };
        let written = write(&Event::Alert(shared), limit);
        let read = read(&written);
        let header = "CEF:0|Picket|Picket||||||".len() + 16 + 2 * (read.class.len() + read.name.len());
        prop_assert!(written.len() <= limit.max(header), "{} > {limit}", written.len());
        for number in 1..=3 {
            let (value, label) = (format!("cs{number}"), format!("cs{number}Label"));
            prop_assert_eq!(read.fields.contains_key(&value), read.fields.contains_key(&label));
        }
        let whole = plain(&value, Position::Extension, 1023);
        if let Some(cat) = read.fields.get("cat") {
            let kept = cat.strip_suffix('…').unwrap_or(cat);
            prop_assert!(whole.starts_with(kept));
        }
    }
}
