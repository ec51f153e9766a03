//! What the check says of endpoints that are well, and of each way in which they are not.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, UNIX_EPOCH},
};

use picket_lifecycle::stamp::Stamp;
use picket_protocol::{
    documents::activation::Endpoint,
    ids::{Cti, Epoch},
    local_api::{CheckStep, EndpointRole, ProxySettings, StepResult},
    time::UnixSeconds,
};
use tokio::io::AsyncReadExt as _;

use super::*;
use crate::{
    clock,
    upstream::test_world::{Answered, Asked, Ca, closed_port, connect_proxy, listen, proxy, serve},
};

/// What was told of one endpoint.
struct Told {
    steps: Vec<(CheckStep, StepResult)>,
    usable: bool,
    problems: Vec<String>,
}

impl Told {
    /// `passed`, `skipped`, or the code of the problem.
    fn step(&self, wanted: CheckStep) -> &str {
        let (_, result) = self.steps.iter().find(|(step, _)| *step == wanted).unwrap();
        match result {
            StepResult::Passed { .. } => "passed",
            StepResult::Skipped { .. } => "skipped",
            StepResult::Failed { problem } => &problem.code,
        }
    }
}

fn target(role: EndpointRole, endpoint: Endpoint) -> Target {
    Target { role, endpoint, stamp: Stamp { epoch: Epoch(1), cti: Cti::from_bytes([1; 16]) }, candidate: false }
}

fn circumstances(proxy: Option<&ProxySettings>) -> Circumstances {
    let time = TlsTime { at: UnixSeconds(1_767_225_600), enforce_not_before: true };
    Circumstances { proxy: proxy.map(|settings| settings.try_into().unwrap()), time, greeting: Greeting::PostQuantum }
}

async fn lines(circumstances: Circumstances, targets: Vec<Target>) -> Vec<CheckLine> {
    let (sender, mut receiver) = mpsc::channel(1);
    tokio::spawn(run(circumstances, targets, sender));
    let mut lines = Vec::new();
    while let Some(line) = receiver.recv().await {
        lines.push(line);
    }
    lines
}

async fn portal(endpoint: Endpoint, proxy: Option<&ProxySettings>) -> Told {
    let lines = lines(circumstances(proxy), vec![target(EndpointRole::Portal, endpoint)]).await;
    assert!(matches!(lines.first(), Some(CheckLine::Endpoint { role: EndpointRole::Portal, .. })));
    assert!(matches!(lines.last(), Some(CheckLine::Done { endpoints: 1, .. })));
    let mut told = Told { steps: vec![], usable: false, problems: vec![] };
    for line in lines {
        match line {
            CheckLine::Step { step, result, .. } => told.steps.push((step, result)),
            CheckLine::Verdict { usable, problems, .. } => {
                told.usable = usable;
                told.problems = problems.into_iter().map(|problem| problem.code).collect();
            }
            CheckLine::Engine { .. } | CheckLine::Endpoint { .. } | CheckLine::Done { .. } => {}
        }
    }
    told
}

/// An answer whose `Date` is this many seconds from ours. The server's own is always right.
fn at(offset: i64) -> impl Fn(Asked) -> Answered {
    move |_| {
        let seconds = u64::try_from(clock::wall().0 + offset).unwrap();
        let date = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(seconds));
        (200, vec![("date", date)], vec![])
    }
}

#[tokio::test]
async fn a_portal_that_is_well_is_usable_with_every_step_told() {
    let ca = Ca::named("Portal CA");
    let server = serve(&ca, ca.server(2020, 2099), at(0)).await;
    let told = portal(server.endpoint(&ca), None).await;
    assert!(told.usable && told.problems.is_empty());
    let steps: Vec<_> = told.steps.iter().map(|(step, _)| *step).collect();
    use CheckStep::{Clock, Connect, Dns, Http, PostQuantum, Proxy, Tls};
    assert_eq!(steps, [Dns, Connect, Proxy, Tls, PostQuantum, Http, Clock]);
    assert_eq!((told.step(Dns), told.step(Proxy)), ("skipped", "skipped"));
    for step in [Connect, Tls, PostQuantum, Http, Clock] {
        assert_eq!(told.step(step), "passed", "{step}");
    }
}

#[tokio::test]
async fn names_the_step_that_fails_and_skips_the_rest() {
    let (ca, inspector) = (Ca::named("Portal CA"), Ca::named("Firewall"));
    let inspected = serve(&inspector, inspector.server(2020, 2099), at(0)).await;
    let told = portal(inspected.endpoint(&ca), None).await;
    assert!(!told.usable);
    assert_eq!(told.step(CheckStep::Tls), "endpoint.tls-untrusted");
    assert_eq!(told.step(CheckStep::PostQuantum), "passed");
    assert_eq!(told.step(CheckStep::Http), "skipped");

    let down = Endpoint { url: format!("https://{}", closed_port().await), ..inspected.endpoint(&ca) };
    let told = portal(down, None).await;
    assert_eq!(told.problems, ["endpoint.refused"]);
    assert_eq!(told.step(CheckStep::Connect), "endpoint.refused");
    assert_eq!(told.step(CheckStep::Tls), "skipped");

    let broken = serve(&ca, ca.server(2020, 2099), |_| (503, vec![], vec![])).await;
    let told = portal(broken.endpoint(&ca), None).await;
    assert_eq!((told.usable, told.step(CheckStep::Http)), (false, "endpoint.http"));
}

#[tokio::test]
async fn says_how_far_the_clock_is_off_and_calls_the_endpoint_usable() {
    let ca = Ca::named("Portal CA");
    let server = serve(&ca, ca.server(2020, 2099), at(3600)).await;
    let told = portal(server.endpoint(&ca), None).await;
    assert!(told.usable);
    assert_eq!(told.problems, ["endpoint.clock-drift"]);
    let (_, StepResult::Failed { problem }) = told.steps.last().unwrap() else { panic!() };
    let seconds = problem.found[0].value.trim_end_matches(" s").parse::<i64>().unwrap();
    assert!((-3601..=-3599).contains(&seconds), "{seconds}");
}

#[tokio::test]
async fn tells_a_wanted_password_from_an_unneeded_one() {
    let ca = Ca::named("Portal CA");
    let server = serve(&ca, ca.server(2020, 2099), at(0)).await;
    let (wanting, open) = (connect_proxy(Some("ot:secret")).await, connect_proxy(None).await);
    let told = portal(server.endpoint(&ca), Some(&proxy(&wanting, None, None))).await;
    assert_eq!((told.usable, told.step(CheckStep::Proxy)), (false, "endpoint.proxy-auth-required"));
    let told = portal(server.endpoint(&ca), Some(&proxy(&wanting, Some("ot"), Some("secret")))).await;
    assert!(told.usable && told.problems.is_empty());
    let told = portal(server.endpoint(&ca), Some(&proxy(&open, Some("ot"), Some("secret")))).await;
    assert!(told.usable);
    assert_eq!(told.problems, ["endpoint.proxy-credentials-unneeded"]);
    let nowhere = proxy(&format!("http://{}", closed_port().await), None, None);
    let told = portal(server.endpoint(&ca), Some(&nowhere)).await;
    assert_eq!((told.usable, told.step(CheckStep::Connect)), (false, "endpoint.proxy-unreachable"));
}

/// A firewall that closes a connection whose greeting does not fit into one packet.
#[tokio::test]
async fn finds_a_firewall_that_drops_the_larger_greeting() {
    let ca = Ca::named("Portal CA");
    let server = serve(&ca, ca.server(2020, 2099), at(0)).await;
    let behind = server.address;
    let (firewall, _) = listen(move |mut stream| async move {
        let mut head = [0; 5];
        if stream.read_exact(&mut head).await.is_err() || u16::from_be_bytes([head[3], head[4]]) > 1000 {
            return;
        }
        let mut onward = tokio::net::TcpStream::connect(behind).await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut onward, &head).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut onward).await;
    })
    .await;
    let told = portal(Endpoint { url: format!("https://{firewall}"), ..server.endpoint(&ca) }, None).await;
    assert!(!told.usable);
    assert_eq!(told.step(CheckStep::Tls), "passed");
    assert_eq!(told.problems, ["endpoint.post-quantum-hello-dropped"]);
}

#[tokio::test]
async fn checks_an_endpoint_that_two_activations_share_once() {
    let ca = Ca::named("Portal CA");
    let server = serve(&ca, ca.server(2020, 2099), at(0)).await;
    let shared = |role| target(role, server.endpoint(&ca));
    let targets = vec![shared(EndpointRole::Portal), shared(EndpointRole::Hub), shared(EndpointRole::Portal)];
    let lines = lines(circumstances(None), targets).await;
    assert_eq!(lines.last(), Some(&CheckLine::Done { endpoints: 2, failed: 0 }));
}

#[tokio::test]
async fn stops_when_nobody_reads_on() {
    static ACCEPTED: AtomicUsize = AtomicUsize::new(0);
    let ca = Ca::named("Portal CA");
    // Takes connections and says nothing, so that the check waits.
    let (address, _) = listen(|mut stream| async move {
        ACCEPTED.fetch_add(1, Ordering::SeqCst);
        let mut rest = Vec::new();
        let _ = stream.read_to_end(&mut rest).await;
        ACCEPTED.fetch_sub(1, Ordering::SeqCst);
    })
    .await;
    let certificate = picket_protocol::documents::activation::Certificate(ca.der);
    let endpoint = Endpoint { url: format!("https://{address}"), ca_certificates: vec![certificate] };
    let (sender, mut receiver) = mpsc::channel(16);
    let check = tokio::spawn(run(circumstances(None), vec![target(EndpointRole::Portal, endpoint)], sender));
    while ACCEPTED.load(Ordering::SeqCst) == 0 {
        receiver.recv().await.unwrap();
        tokio::task::yield_now().await;
    }
    drop(receiver);
    check.await.unwrap();
    while ACCEPTED.load(Ordering::SeqCst) != 0 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn of_a_broker_everything_up_to_its_certificate_is_checked() {
    let ca = Ca::named("Broker CA");
    let server = serve(&ca, ca.server(2020, 2099), at(0)).await;
    let broker = |endpoint: Endpoint| Endpoint { url: endpoint.url.replace("https://", "mqtts://"), ..endpoint };
    let told = portal(broker(server.endpoint(&ca)), None).await;
    assert!(told.usable && told.problems.is_empty());
    let passed = |step: CheckStep| {
        told.steps.iter().any(|(told, result)| *told == step && matches!(result, StepResult::Passed { .. }))
    };
    assert!(passed(CheckStep::Connect) && passed(CheckStep::Tls) && !passed(CheckStep::Http));
    let untrusted = portal(broker(server.endpoint(&Ca::named("Other CA"))), None).await;
    assert!(!untrusted.usable, "a broker that nobody vouches for can be used");
}
