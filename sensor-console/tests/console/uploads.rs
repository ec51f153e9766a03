//! Uploads that are too large or too slow, and what they cost the others.

use std::{io::Write as _, time::Instant};

use crate::rig::Console;

#[test]
fn an_upload_that_is_announced_too_large_is_refused_unread() {
    let console = Console::in_use();
    let browser = console.signed_in("mira");
    let fields = [("content-type", "multipart/form-data; boundary=b"), ("content-length", "10000000000")];
    let request = format!("{}\r\n", browser.head("POST", "/settings/certificate", &fields));
    let before = Instant::now();
    let answer = browser.wire.send(request.as_bytes()).unwrap();
    assert_eq!(answer.status, 413);
    assert!(answer.body.contains("data-refusal=\"console.too-large\""));
    assert!(before.elapsed().as_secs() < 10, "it waited for bytes");
}

#[test]
fn an_upload_of_unknown_length_ends_at_the_limit() {
    let console = Console::in_use();
    let browser = console.signed_in("mira");
    let fields = [("content-type", "multipart/form-data; boundary=b"), ("transfer-encoding", "chunked")];
    let mut request = format!("{}\r\n", browser.head("POST", "/settings/certificate", &fields)).into_bytes();
    for _ in 0..64 {
        request.extend_from_slice(b"10000\r\n");
        request.extend_from_slice(&[b'x'; 0x10000]);
        request.extend_from_slice(b"\r\n");
    }
    // It may hang up before all was sent, and the answer be lost with it.
    if let Some(answer) = browser.wire.send(&request) {
        assert_eq!(answer.status, 413);
    }
    assert!(console.kibibytes("VmHWM") < 64 * 1024);
}

#[test]
fn slow_uploads_end_in_time_and_nobody_else_waits_for_them() {
    let console = Console::in_use();
    let browser = console.signed_in("vic");
    let admin = console.signed_in("mira");
    let fields = [("content-type", "multipart/form-data; boundary=b"), ("content-length", "100000")];
    let head = format!("{}\r\n--b\r\n", admin.head("POST", "/settings/certificate", &fields));
    // More than are read at once.
    let mut slow: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = admin.wire.open();
            stream.write_all(head.as_bytes()).unwrap();
            stream.flush().unwrap();
            stream
        })
        .collect();
    let before = Instant::now();
    assert_eq!(browser.clone().get("/account").status, 200);
    assert!(before.elapsed().as_secs() < 5, "{:?}", before.elapsed());
    let answer = crate::rig::read(&mut slow.remove(0)).unwrap();
    assert_eq!(answer.status, 408);
    assert!((20..50).contains(&before.elapsed().as_secs()), "{:?}", before.elapsed());
}
