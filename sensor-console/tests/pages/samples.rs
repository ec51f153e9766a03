//! What a played agent says: a sensor in each state.

use picket_protocol::ids::ApplianceId;
use serde_json::{Value, json};

use crate::agent::Answers;

/// 2026-06-15T09:30:00Z, and all other times around it.
const NOW: i64 = 1_781_515_800;
const TRUST: &str = "5d1f0c2ab94e7a6033c1d87e5b9f24680ace13579bdf02468ace13579bdf0246";
const KID: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";
const SENSOR: &str = "6b1f7c52-3a0e-4f0b-9d63-8f2f8f1d7a11";
const STREAM: &str = "3f6c1e90-77a2-4c51-8a53-cb0d6a4f21de";

/// Every state, by a name.
pub(crate) fn states() -> Vec<(&'static str, Answers)> {
    vec![
        ("cloud", answers(cloud())),
        ("local", answers(local())),
        ("under-a-console", answers(under_a_console())),
        ("proving", answers(proving())),
        ("failed", answers(failed())),
        ("deactivated", answers(deactivated())),
        ("hostile", answers(hostile())),
    ]
}

fn answers(status: Value) -> Answers {
    let empty = status["state"] == "deactivated";
    Answers::from([
        ("/v1/alerts", if empty { json!([]) } else { alerts() }),
        ("/v1/alerts/at/4711", json!({"alert": alert(4711), "standing": {"standing": "confirmed", "by": "hub"}})),
        ("/v1/alerts/export", alert(4711)),
        ("/v1/alerts/severities", if empty { json!([]) } else { hours() }),
        ("/v1/alerts/verify", verification()),
        ("/v1/activations", activations()),
        ("/v1/audit", audit()),
        (
            "/v1/trust",
            json!([{"id": TRUST, "confirmation": &TRUST[48..], "version": 3, "threshold": 2, "root_keys": [KID],
            "keys": [{"kid": KID, "roles": ["activation"]}], "withdrawn": []}]),
        ),
        ("/v1/certificates", certificates()),
        ("/v1/preview", preview()),
        ("/v1/status/follow", status.clone()),
        ("/v1/status", status),
    ])
}

fn activation(mode: &str) -> Value {
    let mut value = json!({
        "issuer": TRUST, "sensor": SENSOR, "serial": 1_781_000_000_123_u64, "cti": "0123456789abcdef0123456789abcdef",
        "issued_at": NOW - 90 * 86_400, "name": "press-line-3", "subscription": {"id": SENSOR, "name": "Northfield Steel"},
        "site": "Rolling mill", "zone": "Hot strip", "tags": {"area": "furnace", "criticality": "high"},
        "licence_until": NOW + 200 * 86_400, "mode": mode,
    });
    if mode == "cloud-connected" {
        value["portal"] = json!("https://portal.picket.example");
        value["hub"] = json!({"kind": "https", "url": "https://hub.picket.example:443/v1/events"});
        value["automatic_ti"] = json!(true);
    } else {
        value["management_console"] = Value::Null;
    }
    value
}

fn proved() -> Value {
    json!({"identity": {"step": "proved"}, "heartbeat": {"step": "proved"}, "hub": {"step": "proved"}})
}

fn base() -> Value {
    json!({
        "appliance": ApplianceId::from_digest(&[0xA7; 32]), "epoch": 4, "state": "active",
        "active": {"activation": activation("cloud-connected"), "committed_at": NOW - 90 * 86_400, "signer": KID,
            "signer_withdrawn": false, "proof": proved()},
        "candidate": null, "retry": null, "proxy": null, "trusted": true,
        "agent": {"version": "0.1.0", "uptime_seconds": 1_234_567}, "setup": "done",
        "addresses": ["192.0.2.17", "10.20.30.40", "fe80::5054:ff:fe12:3456"],
        "clock": {"wall": NOW, "floor": NOW - 30, "drift_seconds": null},
        "upstream": null, "hub": null,
        "health": {
            "engine": {"code": "ok", "since": NOW - 86_400}, "alert-log": {"code": "ok", "since": NOW - 86_400},
            "disk": {"code": "ok", "since": NOW - 86_400}, "clock": {"code": "ok", "since": NOW - 86_400},
        },
        "alerts": {"source": "/var/log/suricata/eve.json", "consumers": [], "counters": {}, "streams": [
            {"stream": STREAM, "head": 48_213, "delivered": 48_190, "dropped": {}, "oldest_undelivered": NOW - 42},
        ]},
    })
}

fn cloud() -> Value {
    let mut status = base();
    status["upstream"] = json!({"kind": "portal", "url": "https://portal.picket.example", "link": "connected",
        "last_answer": NOW - 37, "answered": 129_000, "problem": null, "interval_seconds": 60, "certificate_until": NOW + 5_184_000});
    status["hub"] = json!({"url": "https://hub.picket.example:443/v1/events", "link": "connected",
        "last_accepted": NOW - 4, "problem": null});
    status["health"]["upstream"] = json!({"code": "ok", "since": NOW - 86_400});
    status["health"]["hub"] = json!({"code": "ok", "since": NOW - 86_400});
    status["alerts"]["consumers"] =
        json!([{"role": "hub", "delivered": 48_190, "backlog": 23, "unconfirmed": 118, "problem": null}]);
    status
}

fn local() -> Value {
    let mut status = base();
    status["active"]["activation"] = activation("locally-managed");
    status["health"]["engine"] = json!({"code": "engine-silent", "since": NOW - 1_260});
    status["health"]["disk"] = json!({"code": "disk-low", "since": NOW - 7_200});
    status
}

fn under_a_console() -> Value {
    let mut status = base();
    let url = "https://console.plant.example:8443";
    status["active"]["activation"] = activation("locally-managed");
    status["active"]["activation"]["management_console"] = json!(url);
    status["upstream"] = json!({"kind": "management-console", "url": url, "link": "connected", "last_answer": NOW - 21,
        "answered": 4_210, "problem": null, "interval_seconds": 60, "certificate_until": NOW + 5_184_000});
    status
}

fn problem(code: &str, title: &str, detail: &str, found: &Value) -> Value {
    json!({"type": format!("urn:picket:refusal:{code}"), "code": code, "title": title, "status": 502, "detail": detail,
        "found": found, "next": ["Check the DNS server of this appliance.", "Or set a proxy under Network and proxy."]})
}

fn dns() -> Value {
    problem(
        "endpoint.dns",
        "The name cannot be resolved",
        "The name cannot be resolved (host: hub.north.example, why: no such host)",
        &json!([{"label": "host", "value": "hub.north.example"}, {"label": "why", "value": "no such host, says 10.0.0.2"}]),
    )
}

fn proving() -> Value {
    let mut status = cloud();
    let mut next = activation("cloud-connected");
    next["hub"]["url"] = json!("https://hub.north.example/v1/events");
    status["candidate"] = json!({"activation": next, "remaining_seconds": 754, "attempts": 3, "proof": {
        "identity": {"step": "proved"}, "heartbeat": {"step": "proved"}, "hub": {"step": "failed", "problem": dns()}}});
    status
}

fn failed() -> Value {
    let mut status = cloud();
    status["retry"] = activations()[0].clone();
    status["hub"]["link"] = json!("disconnected");
    status["hub"]["problem"] = dns();
    status["health"]["hub"] = json!({"code": "endpoint.dns", "since": NOW - 5_400});
    status["proxy"] = json!({"url": "http://proxy.plant.example:3128", "user": "sensor", "password_set": true});
    status
}

fn deactivated() -> Value {
    let mut status = base();
    status["state"] = json!("deactivated");
    status["deactivated"] = json!({"activation": activation("cloud-connected"), "serial": 1_781_000_000_999_u64,
        "reason": "The line is scrapped.", "decided_by": "b.okafor", "at": NOW - 172_800});
    status["alerts"]["streams"] = json!([]);
    status["health"] = json!({});
    status
}

/// Text that would be markup, wherever text from outside is shown.
fn hostile() -> Value {
    let mut status = failed();
    let bad = "\"><script>alert(1)</script><img src=x onerror=alert(2)>";
    status["active"]["activation"]["subscription"]["name"] = json!("<script>alert(1)</script>");
    status["hub"]["problem"]["detail"] = json!(bad);
    status["retry"]["problem"]["title"] = json!(bad);
    status["proxy"]["user"] = json!(bad);
    status["addresses"] = json!([bad]);
    status["agent"]["version"] = json!(bad);
    status
}

fn alert(place: u64) -> Value {
    const FOUND: [(&str, &str, u16, &str); 5] = [
        ("Modbus: a register was written by a station that never wrote before", "medium", 502, "modbus"),
        ("S7comm: PLC stop requested", "high", 102, "s7comm"),
        ("DNP3: unsolicited response to an unknown master", "low", 20_000, "dnp3"),
        ("TLS certificate of a remote maintenance tool seen in the control zone", "informational", 443, "tls"),
        ("EtherNet/IP: firmware download to a controller began", "high", 44_818, "enip"),
    ];
    let (signature, severity, port, application) = FOUND[usize::try_from(place % 5).unwrap()];
    let seconds = place - 4_600;
    let (minute, second) = (27 + seconds / 60, seconds % 60);
    json!({"place": place, "id": format!("{STREAM}/{place}"), "epoch": 4, "severity": severity,
        "detected_at": format!("2026-06-15T09:{minute}:{second:02}.104Z"),
        "record": {"timestamp": format!("2026-06-15T09:{minute}:{second:02}.104221+0000"), "event_type": "alert",
            "src_ip": "10.20.30.61", "src_port": 49_512, "dest_ip": "10.20.40.12", "dest_port": port, "proto": "TCP",
            "app_proto": application, "alert": {"action": "allowed", "gid": 1, "signature_id": 9_200_000 + place % 5, "rev": 3,
            "signature": signature, "category": "Attempted change of a process", "severity": 1}}})
}

fn alerts() -> Value {
    (0..50).map(|back| alert(4_711 - back)).collect()
}

fn hours() -> Value {
    let last = NOW / 3600 * 3600;
    (0_i64..24)
        .map(|back| {
            let wave = u64::try_from((back * 7 + back * back) % 23).unwrap();
            json!({"begins": last - back * 3600, "counts": {"high": wave / 7, "medium": wave / 3 + 2, "low": wave + 4, "informational": wave / 2 + 3}})
        })
        .collect()
}

fn verification() -> Value {
    json!({"complete": true, "counters": {}, "streams": [{"stream": STREAM, "epoch": 4, "head": 48_213, "in_log": 41_000,
        "let_go": 7_213, "dropped": {}, "first_missing": null}]})
}

fn activations() -> Value {
    let actor = json!({"uid": 993, "name": "console: anna"});
    let past = |days: i64, result: Value| {
        let mut outcome = json!({"at": NOW - days * 86_400, "by": actor, "sensor": SENSOR, "serial": 1_780_000_000_000_i64 - days,
            "cti": "0123456789abcdef0123456789abcdef", "name": "press-line-3", "mode": "cloud-connected"});
        outcome.as_object_mut().unwrap().extend(result.as_object().unwrap().clone());
        outcome
    };
    json!([
        past(1, json!({"result": "not-committed", "problem": dns()})),
        past(90, json!({"result": "committed", "epoch": 4})),
        past(200, json!({"result": "committed", "epoch": 3})),
    ])
}

fn audit() -> Value {
    let who = json!({"uid": 993, "name": "console: anna"});
    json!([
        {"number": 41, "at": NOW - 600, "who": who, "what": "proxy-set", "before": null, "after": "http://proxy.plant.example:3128"},
        {"number": 40, "at": NOW - 86_400, "who": who, "what": "activation-not-committed", "before": "press-line-3, epoch 4", "after": "endpoint.dns"},
        {"number": 39, "at": NOW - 90 * 86_400, "who": {"uid": null, "name": "portal"}, "what": "activation-committed", "before": "epoch 3", "after": "epoch 4"},
    ])
}

fn certificates() -> Value {
    json!([
        {"what": "sensor identity", "kind": "certificate", "id": "SHA-256 2f:9a:41…", "subject": "CN=6b1f7c52", "not_after": NOW + 60 * 86_400, "days_left": 60},
        {"what": "portal CA", "kind": "certificate", "id": "SHA-256 77:01:be…", "subject": "CN=Northfield OT CA", "not_after": NOW + 12 * 86_400, "days_left": 12},
        {"what": "activation signing key", "kind": "key", "id": KID, "subject": null, "not_after": null, "days_left": null},
    ])
}

fn preview() -> Value {
    json!({
        "sentence": "This sensor will become press-line-3 in subscription Northfield Steel at site Rolling mill, zone Hot strip, cloud-connected through hub https://hub.north.example/v1/events, reporting to portal https://portal.picket.example.",
        "manner": "once-proved", "activation": activation("cloud-connected"), "signer": KID, "upload_until": NOW + 20 * 86_400,
        "changes": [
            {"what": "name", "now": "press-line-3", "then": "press-line-3"},
            {"what": "mode", "now": "cloud-connected", "then": "cloud-connected"},
            {"what": "IoT hub", "now": "https://hub.picket.example:443/v1/events (HTTPS)", "then": "https://hub.north.example/v1/events (HTTPS)"},
            {"what": "licence until", "now": null, "then": "2027-01-01T00:00:00Z"},
        ],
        "stays": ["What is in force stays in force until the portal and the IoT hub have answered.", "23 alerts that are not delivered would not be sent to anybody."],
        "stops": ["Nothing is sent to IoT hub https://hub.picket.example:443/v1/events any more."],
        "firewall": [{"host": "portal.picket.example", "port": 443, "why": "the portal: identity, heartbeats"},
            {"host": "hub.north.example", "port": 443, "why": "the IoT hub: alerts"}],
        "warnings": [],
    })
}
