//! Checks one endpoint: name, connection, proxy, TLS, the post-quantum greeting, HTTP, the clock. Of a broker, what comes
//! before the session, since that would need the sensor's certificate.

use http_body_util::Full;
use hyper::{Request, header::HOST};
use picket_protocol::{
    endpoint_url::{EndpointUrl, Scheme},
    local_api::{CheckLine, CheckStep, EndpointRole},
    refusal::Refusal,
    wire,
};
use tokio::{net::TcpStream, sync::mpsc};
use tokio_rustls::client::TlsStream;

use super::{Circumstances, report::Report};
use crate::{
    clock,
    proxy::{Proxy, authority},
    service::Target,
    upstream::{
        dial,
        exchange::{Answer, Line},
        mqtt,
        tls::{self, Greeting, TlsSettings},
        verdict,
    },
};

/// From here on clocks differ too much for certificates and logs to make sense, in seconds.
const MAX_DRIFT: i64 = 60;
/// Most bytes of an answer that is only looked at.
const MAX_ANSWER: usize = 64 * 1024;
/// What a step says that follows a failed one.
const EARLIER_FAILED: &str = "an earlier step failed";

/// Checks one endpoint and tells how it goes; gives whether it can be used.
pub(super) async fn check(circumstances: &Circumstances, target: &Target, lines: &mpsc::Sender<CheckLine>) -> bool {
    let proxy = circumstances.proxy.as_ref().map(Proxy::address);
    let url = target.endpoint.url.clone();
    let _ = lines.send(CheckLine::Endpoint { role: target.role, url: url.clone(), proxy }).await;
    let mut report = Report::new(lines);
    let mut reached = false;
    if let Some((scheme, address)) = read_url(&mut report, &url).await {
        let visit = Visit { circumstances, target, scheme, address };
        reached = visit.make(&mut report).await.is_some();
    }
    report.verdict(target).await && reached
}

async fn read_url(report: &mut Report<'_>, url: &str) -> Option<(Scheme, EndpointUrl)> {
    let read = match mqtt::address(url) {
        Ok(address) => Ok((Scheme::Mqtts, address)),
        Err(_) => dial::address(url).map(|address| (Scheme::Https, address)),
    };
    match read {
        Ok(read) => Some(read),
        Err(refusal) => report.step(CheckStep::Dns, async { Err(refusal) }).await,
    }
}

/// One endpoint under these circumstances.
struct Visit<'a> {
    circumstances: &'a Circumstances,
    target: &'a Target,
    scheme: Scheme,
    address: EndpointUrl,
}

impl Visit<'_> {
    /// None as soon as a step fails; the steps after it are told as skipped.
    async fn make(&self, report: &mut Report<'_>) -> Option<()> {
        let Some(stream) = self.connect(report).await else {
            for step in [CheckStep::Tls, CheckStep::PostQuantum, CheckStep::Http, CheckStep::Clock] {
                report.skipped(step, EARLIER_FAILED).await;
            }
            return None;
        };
        let Some(stream) = self.secure(report, stream).await else {
            for step in [CheckStep::Http, CheckStep::Clock] {
                report.skipped(step, EARLIER_FAILED).await;
            }
            return None;
        };
        if self.scheme == Scheme::Mqtts {
            for step in [CheckStep::Http, CheckStep::Clock] {
                report.skipped(step, "a broker speaks no HTTP").await;
            }
            return Some(());
        }
        let Some(answer) = report.step(CheckStep::Http, self.ask(stream)).await else {
            report.skipped(CheckStep::Clock, EARLIER_FAILED).await;
            return None;
        };
        self.compare_clocks(report, &answer).await;
        Some(())
    }

    /// Name, connection, proxy.
    async fn connect(&self, report: &mut Report<'_>) -> Option<TcpStream> {
        let Some(proxy) = &self.circumstances.proxy else {
            let stream = reach(report, &self.address.host, self.address.port, |refusal| refusal).await;
            let why = if stream.is_some() { "no proxy is set" } else { EARLIER_FAILED };
            report.skipped(CheckStep::Proxy, why).await;
            return stream;
        };
        let unreachable = |why: Refusal| Refusal::ProxyUnreachable { proxy: proxy.address(), why: why.to_string() };
        let Some(mut stream) = reach(report, &proxy.host, proxy.port, unreachable).await else {
            report.skipped(CheckStep::Proxy, EARLIER_FAILED).await;
            return None;
        };
        let tunnel = async {
            dial::tunnel(&mut stream, proxy, &self.address).await?;
            Ok(((), format!("it opens a way to {}", authority(&self.address.host, self.address.port))))
        };
        report.step(CheckStep::Proxy, tunnel).await?;
        if proxy.credentials.is_some() && self.passes_without_credentials(proxy).await {
            report.advise(CheckStep::Proxy, &Refusal::ProxyCredentialsUnneeded { proxy: proxy.address() }).await;
        }
        Some(stream)
    }

    async fn passes_without_credentials(&self, proxy: &Proxy) -> bool {
        let anonymous = Proxy { credentials: None, ..proxy.clone() };
        let Ok(mut stream) = dial::reach_proxy(&anonymous).await else { return false };
        dial::tunnel(&mut stream, &anonymous, &self.address).await.is_ok()
    }

    /// TLS as the sensor speaks it; where its larger greeting goes missing, the smaller one to tell that apart.
    async fn secure(&self, report: &mut Report<'_>, stream: TcpStream) -> Option<TlsStream<TcpStream>> {
        let greeting = self.circumstances.greeting;
        let first = self.handshake(stream, greeting).await;
        let lost = matches!(first, Err(Refusal::Timeout { .. } | Refusal::TlsFailed { .. }));
        if greeting == Greeting::PostQuantum && lost && self.classical_passes().await {
            report.passed(CheckStep::Tls, "the certificate is trusted, with the smaller greeting").await;
            let dropped = Refusal::PostQuantumHelloDropped { host: self.address.host.clone() };
            report.step(CheckStep::PostQuantum, async { Err::<((), String), _>(dropped) }).await;
            return None;
        }
        // A certificate that is not trusted has still come: the greeting passed.
        let answered = !lost;
        let stream = report.step(CheckStep::Tls, async { first }).await;
        match greeting {
            Greeting::PostQuantum if answered => {
                report.passed(CheckStep::PostQuantum, "the greeting is answered").await;
            }
            Greeting::PostQuantum => report.skipped(CheckStep::PostQuantum, EARLIER_FAILED).await,
            Greeting::Classical => report.skipped(CheckStep::PostQuantum, "turned off in the settings").await,
        }
        stream
    }

    async fn handshake(
        &self,
        stream: TcpStream,
        greeting: Greeting,
    ) -> Result<(TlsStream<TcpStream>, String), Refusal> {
        let settings = TlsSettings {
            ca_certificates: &self.target.endpoint.ca_certificates,
            time: self.circumstances.time,
            greeting,
            credential: None,
        };
        let stream = dial::secure(stream, &self.address, settings.config(&self.address.host)?).await?;
        let certificates = stream.get_ref().1.peer_certificates();
        let issuer = certificates.and_then(<[_]>::first).map(|der| tls::issuer(der)).unwrap_or_default();
        Ok((stream, format!("issued by {issuer}")))
    }

    async fn classical_passes(&self) -> bool {
        let again = async {
            let stream = dial::reach(&self.address, self.circumstances.proxy.as_ref()).await?;
            self.handshake(stream, Greeting::Classical).await
        };
        // Its certificate may be refused: what counts is that an answer came.
        !matches!(again.await, Err(Refusal::Timeout { .. } | Refusal::TlsFailed { .. } | Refusal::Unreachable { .. }))
    }

    async fn ask(&self, stream: TlsStream<TcpStream>) -> Result<(Answer, String), Refusal> {
        // A hub has no page of its own to show; any answer of it will do.
        let path = match self.target.role {
            EndpointRole::Portal | EndpointRole::ManagementConsole => wire::EST_CACERTS,
            EndpointRole::Hub => wire::HUB_EVENTS,
        };
        let authority = authority(&self.address.host, self.address.port);
        let request = Request::get(path).header(HOST, authority).body(Full::default());
        let request = request.map_err(|error| Refusal::InvalidRequest { why: error.to_string() })?;
        let answer = Line::open(stream, &self.address).await?.exchange(request, MAX_ANSWER).await;
        let answer = answer.map_err(|none| none.refusal)?;
        let fine = match self.target.role {
            EndpointRole::Hub => answer.status < 500,
            EndpointRole::Portal | EndpointRole::ManagementConsole => answer.status == 200,
        };
        if fine {
            let seen = format!("HTTP {}", answer.status);
            Ok((answer, seen))
        } else {
            Err(Refusal::Http { status: answer.status, host: self.address.host.clone() })
        }
    }

    async fn compare_clocks(&self, report: &mut Report<'_>, answer: &Answer) {
        let Some(theirs) = verdict::date(&answer.headers) else {
            report.skipped(CheckStep::Clock, "the server does not say its time").await;
            return;
        };
        let seconds = clock::wall().since(theirs);
        if seconds.abs() > MAX_DRIFT {
            report.advise(CheckStep::Clock, &Refusal::ClockDrift { seconds }).await;
        } else {
            report.passed(CheckStep::Clock, &format!("{seconds} s apart")).await;
        }
    }
}

/// Name and connection, to the endpoint or to the proxy before it.
async fn reach(
    report: &mut Report<'_>,
    host: &str,
    port: u16,
    refused: impl Fn(Refusal) -> Refusal,
) -> Option<TcpStream> {
    let addresses = if let Ok(address) = host.parse::<std::net::IpAddr>() {
        report.skipped(CheckStep::Dns, "an address needs no name").await;
        vec![(address, port).into()]
    } else {
        let resolved = async {
            let found = dial::resolve(host, port).await.map_err(&refused)?;
            let seen: Vec<_> = found.iter().map(|address| address.ip().to_string()).collect();
            Ok((found, seen.join(", ")))
        };
        let Some(found) = report.step(CheckStep::Dns, resolved).await else {
            report.skipped(CheckStep::Connect, EARLIER_FAILED).await;
            return None;
        };
        found
    };
    let connected = async {
        let stream = dial::connect(&authority(host, port), &addresses).await.map_err(&refused)?;
        let seen = stream.peer_addr().map(|address| address.to_string()).unwrap_or_default();
        Ok((stream, seen))
    };
    report.step(CheckStep::Connect, connected).await
}
