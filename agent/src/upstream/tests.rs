//! Every failure of an upstream by its own code, against real sockets on loopback.

use std::sync::atomic::Ordering;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_lifecycle::{
    effect::{Call, Enrol, ProbeHub, Renew, TlsTime},
    identity::Slot,
    routes::RouteTo,
    stamp::{Stamp, Ticket},
};
use picket_protocol::{
    documents::activation::{Certificate, Endpoint, Secret},
    ids::{Cti, Epoch, SensorId},
    local_api::ProxySettings,
    refusal::Refusal,
    time::UnixSeconds,
    wire,
};

use super::{
    Upstreams,
    test_world::{Answered, Asked, Ca, Server, closed_port, connect_proxy, listen, proxy, serve, socks5_proxy},
    tls::Greeting,
};
use crate::identity::{Identities, Seal};

const SENSOR: SensorId = SensorId::from_bytes([7; 16]);
const TOKEN: &str = "dG9rZW4tdG9rZW4tdG9rZW4";
/// 2026-01-01.
const NOW: UnixSeconds = UnixSeconds(1_767_225_600);

struct Sensor {
    _folder: tempfile::TempDir,
    identities: Identities,
    upstreams: Upstreams,
}

fn sensor(greeting: Greeting) -> Sensor {
    let folder = tempfile::tempdir().unwrap();
    let identities = Identities::in_state_directory(folder.path(), Seal::default());
    Sensor { upstreams: Upstreams::new(identities.clone(), greeting), identities, _folder: folder }
}

fn call(endpoint: Endpoint) -> Call {
    let stamp = Stamp { epoch: Epoch(1), cti: Cti::from_bytes([1; 16]) };
    let tls_time = TlsTime { at: NOW, enforce_not_before: true };
    Call { stamp, ticket: Ticket(1), sensor: SENSOR, endpoint, tls_time, proxy: None }
}

fn through(endpoint: Endpoint, proxy: ProxySettings) -> Call {
    Call { proxy: Some(proxy), ..call(endpoint) }
}

fn enrol(call: Call) -> Enrol {
    Enrol { call, token: Secret::new(TOKEN.into()).unwrap(), key: None }
}

async fn refusal(call: Call) -> Refusal {
    sensor(Greeting::PostQuantum).upstreams.enrol(enrol(call)).await.unwrap_err().refusal
}

fn nothing(_: Asked) -> Answered {
    (204, vec![], vec![])
}

/// A portal as far as these tests need one.
async fn portal(ca: &'static Ca) -> Server {
    serve(ca, ca.server(2020, 2099), move |asked| match (asked.path.as_str(), asked.with_certificate) {
        (wire::EST_ENROL, false) => {
            let expected = format!("Basic {}", STANDARD.encode(format!("{SENSOR}:{TOKEN}")));
            if asked.authorization.as_deref() != Some(&expected) {
                return (401, vec![], vec![]);
            }
            (200, vec![], STANDARD.encode(ca.enrol(&STANDARD.decode(asked.body).unwrap())).into())
        }
        (wire::EST_RENEW, true) => {
            (200, vec![], STANDARD.encode(ca.enrol(&STANDARD.decode(asked.body).unwrap())).into())
        }
        (wire::HEARTBEAT, true) => (200, vec![], asked.body),
        (wire::HUB_EVENTS, true) => {
            let events: serde_json::Value = serde_json::from_slice(&asked.body).unwrap();
            let event = &events[0];
            let probe = event["type"] == wire::EVENT_PROBE
                && event["specversion"] == "1.0"
                && event["id"] == "09".repeat(16)
                && event["source"] == format!("/sensors/{SENSOR}");
            (if probe { 200 } else { 400 }, vec![], b"{\"accepted\":1}".to_vec())
        }
        _ => (404, vec![], vec![]),
    })
    .await
}

fn ca(name: &str) -> &'static Ca {
    Box::leak(Box::new(Ca::named(name)))
}

#[tokio::test]
async fn enrols_then_speaks_by_its_certificate() {
    let ca = ca("Portal CA");
    let server = portal(ca).await;
    let sensor = sensor(Greeting::PostQuantum);
    let call = call(server.endpoint(ca));
    let identity = sensor.upstreams.clone().enrol(enrol(call.clone())).await.unwrap();
    assert_eq!(identity.slot, Slot::A);
    assert_eq!(identity.thumbprint, sensor.identities.key(call.stamp.cti, None).unwrap().thumbprint());

    let reply = sensor.upstreams.clone().heartbeat(call.clone(), Slot::A, b"beat".to_vec()).await.unwrap();
    assert_eq!(reply.bytes, b"beat");
    assert_eq!(reply.server_not_after.unwrap().to_string(), "2099-01-01T00:00:00Z");

    let renewed = Renew { call: call.clone(), with: Slot::A, into: Slot::B };
    assert_eq!(sensor.upstreams.clone().renew(renewed).await.unwrap().slot, Slot::B);
    sensor.upstreams.clone().heartbeat(call.clone(), Slot::B, b"beat".to_vec()).await.unwrap();

    let probe = ProbeHub { call, to: RouteTo::Https, with: Slot::B, nonce: [9; 16] };
    sensor.upstreams.clone().probe(probe.clone()).await.unwrap();
    let mqtt = ProbeHub { to: RouteTo::Mqtt { topic: "sensors/1".into() }, ..probe };
    let refused = sensor.upstreams.probe(mqtt).await.unwrap_err().refusal;
    assert_eq!(refused.code(), "activation.unsupported");
}

#[tokio::test]
async fn enrols_without_the_post_quantum_greeting_and_by_either_proxy() {
    let ca = ca("Portal CA");
    let server = portal(ca).await;
    let proxies = [
        None,
        Some(proxy(&connect_proxy(None).await, None, None)),
        Some(proxy(&connect_proxy(Some("ot:pass:word")).await, Some("ot"), Some("pass:word"))),
        Some(proxy(&socks5_proxy(None).await, Some("ot"), None)),
        Some(proxy(&socks5_proxy(Some(("ot", "secret"))).await, Some("ot"), Some("secret"))),
    ];
    for chosen in proxies {
        let call = Call { proxy: chosen.clone(), ..call(server.endpoint(ca)) };
        let enrolled = sensor(Greeting::Classical).upstreams.enrol(enrol(call)).await;
        assert!(enrolled.is_ok(), "{chosen:?}: {enrolled:?}");
    }
}

#[tokio::test]
async fn heartbeats_share_a_connection_until_it_is_aborted_or_closed() {
    let ca = ca("Portal CA");
    let server = portal(ca).await;
    let sensor = sensor(Greeting::PostQuantum);
    let call = call(server.endpoint(ca));
    let beat = || sensor.upstreams.clone().heartbeat(call.clone(), Slot::A, b"beat".to_vec());
    sensor.upstreams.clone().enrol(enrol(call.clone())).await.unwrap();
    let before = server.connections.load(Ordering::SeqCst);
    beat().await.unwrap();
    beat().await.unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), before + 1);
    sensor.upstreams.abort(call.stamp);
    beat().await.unwrap();
    assert_eq!(server.connections.load(Ordering::SeqCst), before + 2);
}

#[tokio::test]
async fn a_heartbeat_survives_a_server_that_closes_idle_connections() {
    let ca = ca("Portal CA");
    let server = serve(ca, ca.server(2020, 2099), move |asked| match asked.path.as_str() {
        wire::HEARTBEAT => (200, vec![("connection", "close".into())], asked.body),
        _ => (200, vec![], STANDARD.encode(ca.enrol(&STANDARD.decode(asked.body).unwrap())).into()),
    })
    .await;
    let sensor = sensor(Greeting::PostQuantum);
    let call = call(server.endpoint(ca));
    sensor.upstreams.clone().enrol(enrol(call.clone())).await.unwrap();
    for _ in 0..3 {
        sensor.upstreams.clone().heartbeat(call.clone(), Slot::A, b"beat".to_vec()).await.unwrap();
    }
}

#[tokio::test]
async fn names_the_issuer_that_inspects_tls() {
    let (ours, inspector) = (ca("Portal CA"), ca("Plant Firewall TLS Inspection"));
    let server = serve(inspector, inspector.server(2020, 2099), nothing).await;
    let Refusal::TlsUntrusted { issuer, .. } = refusal(call(server.endpoint(ours))).await else { panic!() };
    assert!(issuer.contains("Plant Firewall TLS Inspection"), "{issuer}");
}

#[tokio::test]
async fn a_ca_of_the_same_name_is_not_the_same_ca() {
    let (ours, theirs) = (ca("Portal CA"), ca("Portal CA"));
    let server = serve(theirs, theirs.server(2020, 2099), nothing).await;
    assert_eq!(refusal(call(server.endpoint(ours))).await.code(), "endpoint.tls-untrusted");
}

#[tokio::test]
async fn says_when_a_certificate_expired() {
    let ca = ca("Portal CA");
    let server = serve(ca, ca.server(2020, 2021), nothing).await;
    let Refusal::TlsExpired { not_after, .. } = refusal(call(server.endpoint(ca))).await else { panic!() };
    assert_eq!(not_after.to_string(), "2021-01-01T00:00:00Z");
}

#[tokio::test]
async fn not_before_counts_only_while_the_clock_is_right() {
    let ca = ca("Portal CA");
    let (server, expired) =
        (serve(ca, ca.server(2030, 2099), nothing).await, serve(ca, ca.server(2020, 2021), nothing).await);
    let wrong_clock = TlsTime { at: NOW, enforce_not_before: false };
    assert_eq!(refusal(call(server.endpoint(ca))).await.code(), "endpoint.tls-failed");
    // The server answers without a certificate: TLS stood.
    let at = |endpoint| Call { tls_time: wrong_clock, ..call(endpoint) };
    assert_eq!(refusal(at(server.endpoint(ca))).await.code(), "endpoint.bad-answer");
    assert_eq!(refusal(at(expired.endpoint(ca))).await.code(), "endpoint.tls-expired");
    let untrusted = Ca::named("Portal CA");
    assert_eq!(refusal(at(server.endpoint(&untrusted))).await.code(), "endpoint.tls-untrusted");
}

#[tokio::test]
async fn tells_network_failures_apart() {
    let ca = ca("Portal CA");
    let at = |url: String| call(Endpoint { url, ca_certificates: trusting(ca) });
    let code = |refusal: Refusal| refusal.code();
    let closed = closed_port().await;
    assert_eq!(code(refusal(at(format!("https://{closed}"))).await), "endpoint.refused");
    // Longer than a label can be: no DNS server has to be asked.
    assert_eq!(code(super::dial::resolve(&"x".repeat(64), 443).await.unwrap_err()), "endpoint.dns");
    assert_eq!(code(refusal(at("mqtts://hub.example".into())).await), "activation.unsupported");
    let (plain, _) = listen(|mut stream| async move {
        use tokio::io::AsyncWriteExt as _;
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n").await;
    })
    .await;
    let call = call(Endpoint { url: format!("https://{plain}"), ca_certificates: trusting(ca) });
    assert_eq!(code(refusal(call).await), "endpoint.tls-failed");
}

fn trusting(ca: &Ca) -> Vec<Certificate> {
    vec![Certificate(ca.der.clone())]
}

#[tokio::test]
async fn tells_proxy_failures_apart() {
    let ca = ca("Portal CA");
    let server = portal(ca).await;
    let code = |proxy: ProxySettings| {
        let call = through(server.endpoint(ca), proxy);
        async { refusal(call).await.code() }
    };
    let closed = closed_port().await;
    for scheme in ["http", "socks5"] {
        assert_eq!(code(proxy(&format!("{scheme}://{closed}"), None, None)).await, "endpoint.proxy-unreachable");
    }
    let (connect, socks5) = (connect_proxy(Some("ot:secret")).await, socks5_proxy(Some(("ot", "secret"))).await);
    for url in [&connect, &socks5] {
        assert_eq!(code(proxy(url, None, None)).await, "endpoint.proxy-auth-required");
        assert_eq!(code(proxy(url, Some("ot"), Some("guesss"))).await, "endpoint.proxy-auth-required");
    }
    let behind = Endpoint { url: format!("https://{closed}"), ..server.endpoint(ca) };
    for url in [connect_proxy(None).await, socks5_proxy(None).await] {
        let refused = refusal(through(behind.clone(), proxy(&url, None, None))).await;
        assert_eq!(refused.code(), "endpoint.proxy-unreachable", "{refused}");
    }
}

#[tokio::test]
async fn reports_the_portals_own_word_and_its_retry_after() {
    let ca = ca("Portal CA");
    let server = serve(ca, ca.server(2020, 2099), |_| {
        (409, vec![("retry-after", "90".into())], br#"{"code":"portal.already-used"}"#.to_vec())
    })
    .await;
    let failure = sensor(Greeting::PostQuantum).upstreams.enrol(enrol(call(server.endpoint(ca)))).await.unwrap_err();
    assert_eq!(failure.refusal, Refusal::AlreadyUsed { sensor: SENSOR });
    assert_eq!(failure.retry_after, Some(90));
}

#[tokio::test]
async fn stores_no_certificate_that_is_not_for_its_key() {
    let ca = ca("Portal CA");
    let server = serve(ca, ca.server(2020, 2099), move |_| {
        let (somebody, _) = ca.server(2020, 2099);
        (200, vec![], STANDARD.encode(super::test_world::certs_only(&[&somebody[0]])).into())
    })
    .await;
    let sensor = sensor(Greeting::PostQuantum);
    let call = call(server.endpoint(ca));
    let refused = sensor.upstreams.enrol(enrol(call.clone())).await.unwrap_err().refusal;
    assert_eq!(refused.code(), "endpoint.bad-answer");
    assert!(sensor.identities.credential(call.stamp.cti, Slot::A).is_err());
}

#[tokio::test]
async fn reads_no_more_of_an_answer_than_its_limit() {
    let ca = ca("Portal CA");
    let server = serve(ca, ca.server(2020, 2099), |_| (200, vec![], vec![b'A'; 8 * 1024 * 1024])).await;
    let Refusal::BadAnswer { why, .. } = refusal(call(server.endpoint(ca))).await else { panic!() };
    assert!(why.contains("longer than"), "{why}");
}
