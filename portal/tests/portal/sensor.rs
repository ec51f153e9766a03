//! A sensor as the portal sees it: a key, a certificate, a chain of heartbeats. Reads files as a sensor would.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use cms::{cert::CertificateChoices, content_info::ContentInfo, signed_data::SignedData};
use der::{Decode as _, Encode as _};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, StatusCode, body::Bytes};
use hyper_util::rt::TokioIo;
use picket_protocol::{
    alerts::{AlertId, Severity, UnixMillis, event::AlertEvent},
    documents::activation::{Activation, Mode, ModeSettings},
    floors::Floors,
    heartbeat::{Answer, Chain, Heartbeat, SensorStatus, Standing, StreamTotals, TiStatus, Versions},
    ids::{ApplianceId, Epoch, HeartbeatDigest, SensorId, Serial, StreamId},
    reading::{ReadingContext, read_activation},
    refusal::Problem,
    time::UnixSeconds,
    trust::TrustStore,
    wire::{EST_ENROL, EST_RENEW, HEARTBEAT, HUB_EVENTS, MEDIA_EVENTS},
};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256};
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::server::Server;

/// One key of one activation.
pub(crate) struct Sensor {
    pub(crate) id: SensorId,
    pub(crate) serial: Serial,
    token: String,
    mode: Mode,
    key: Arc<KeyPair>,
    authorities: Vec<Vec<u8>>,
    certificate: Option<CertificateDer<'static>>,
    counter: u64,
    answered: Option<HeartbeatDigest>,
    /// What its heartbeats say of its streams.
    pub(crate) streams: BTreeMap<StreamId, StreamTotals>,
}

/// What the portal said when it said no.
pub(crate) type Refused = (StatusCode, Box<Problem>);

/// Reads a file as a sensor does that trusts this portal's root.
pub(crate) fn read_file(server: &Server, file: &[u8]) -> Activation {
    let out = server.scratch("exported.root");
    server.cli(&["root", "export", out.to_str().unwrap()]);
    let mut trust = TrustStore::default();
    trust.pin(&std::fs::read(out).unwrap()).unwrap();
    let now = UnixSeconds(i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap());
    let context = ReadingContext {
        trust: &trust,
        wall_clock: now.plus(1),
        build_date: UnixSeconds(0),
        appliance: &ApplianceId::from_digest(&[7; 32]),
        keys: &[],
        floors: &Floors::default(),
        override_window: false,
    };
    (**read_activation(file, &context).unwrap().activation()).clone()
}

impl Sensor {
    /// A sensor with a new key for an activation file.
    pub(crate) fn for_file(server: &Server, file: &[u8]) -> Self {
        let activation = read_file(server, file);
        let (token, endpoint, mode) = match &activation.mode {
            ModeSettings::CloudConnected(cloud) => {
                (cloud.enrolment_token.expose(), &cloud.portal, Mode::CloudConnected)
            }
            ModeSettings::LocallyManaged(local) => {
                let console = local.management_console.as_ref().expect("a console");
                (console.pairing_token.expose(), &console.endpoint, Mode::LocallyManaged)
            }
        };
        let authorities = endpoint.ca_certificates.iter().map(|certificate| certificate.0.clone()).collect();
        Self {
            id: activation.sensor,
            serial: activation.serial,
            token: token.to_owned(),
            mode,
            key: Arc::new(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap()),
            authorities,
            certificate: None,
            counter: 0,
            answered: None,
            streams: BTreeMap::new(),
        }
    }

    /// Onboards, downloads, enrols: a sensor ready to speak.
    pub(crate) async fn enrolled(server: &Server, name: &str) -> Self {
        let id = server.onboard(name, &[]);
        let mut sensor = Self::for_file(server, &server.activation_file(&id));
        sensor.enrol(server.sensors()).await.unwrap();
        sensor
    }

    /// What a copy of its disk would be.
    pub(crate) fn copied_disk(&self) -> Self {
        Self {
            token: self.token.clone(),
            key: Arc::clone(&self.key),
            authorities: self.authorities.clone(),
            certificate: self.certificate.clone(),
            streams: self.streams.clone(),
            ..*self
        }
    }

    /// The same file on another sensor.
    pub(crate) fn same_file_other_key(&self) -> Self {
        let key = Arc::new(KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap());
        Self { key, certificate: None, ..self.copied_disk() }
    }

    pub(crate) fn certificate(&self) -> &CertificateDer<'static> {
        self.certificate.as_ref().unwrap()
    }

    /// Shows another certificate from now on.
    pub(crate) fn with_certificate(mut self, certificate: CertificateDer<'static>) -> Self {
        self.certificate = Some(certificate);
        self
    }

    pub(crate) fn key(&self) -> &KeyPair {
        &self.key
    }

    pub(crate) async fn enrol(&mut self, portal: SocketAddr) -> Result<(), Refused> {
        self.enrol_asking(portal, CertificateParams::default()).await
    }

    /// Enrols with a request that asks for whatever `params` say.
    pub(crate) async fn enrol_asking(&mut self, portal: SocketAddr, params: CertificateParams) -> Result<(), Refused> {
        let credentials = STANDARD.encode(format!("{}:{}", self.id, self.token));
        let request = params.serialize_request(&*self.key).unwrap();
        let request = Request::post(EST_ENROL)
            .header("authorization", format!("Basic {credentials}"))
            .body(Full::new(Bytes::from(STANDARD.encode(request.der()))))
            .unwrap();
        let body = success(self.send(portal, request, false).await)?;
        self.certificate = Some(first_certificate(&body));
        Ok(())
    }

    pub(crate) async fn renew(&mut self, portal: SocketAddr) -> Result<(), Refused> {
        let request = CertificateParams::default().serialize_request(&*self.key).unwrap();
        let request = Request::post(EST_RENEW).body(Full::new(Bytes::from(STANDARD.encode(request.der())))).unwrap();
        let body = success(self.send(portal, request, true).await)?;
        self.certificate = Some(first_certificate(&body));
        Ok(())
    }

    /// The next heartbeat, made but not sent.
    pub(crate) fn speak(&mut self, standing: Standing) -> Vec<u8> {
        self.counter += 1;
        let nonce: [u8; 16] = *uuid::Uuid::from_u128(rand_128()).as_bytes();
        let status = (standing == Standing::Committed).then(|| self.status());
        Heartbeat {
            chain: Chain { counter: self.counter, nonce, previous: self.answered },
            sensor: self.id,
            serial: self.serial,
            standing,
            versions: Versions { agent: "0.1.0".to_owned(), engine: None },
            status,
        }
        .encode()
    }

    /// Sends a heartbeat; the answer, not kept.
    pub(crate) async fn send_heartbeat(&self, portal: SocketAddr, bytes: &[u8]) -> Result<Answer, Refused> {
        let request = Request::post(HEARTBEAT).body(Full::new(Bytes::copy_from_slice(bytes))).unwrap();
        let body = success(self.send(portal, request, true).await)?;
        Ok(Answer::decode(&body).unwrap())
    }

    /// One whole heartbeat.
    pub(crate) async fn beat(&mut self, portal: SocketAddr, standing: Standing) -> Result<Answer, Refused> {
        let bytes = self.speak(standing);
        let answer = self.send_heartbeat(portal, &bytes).await?;
        self.answered = Some(Heartbeat::digest(&bytes));
        Ok(answer)
    }

    pub(crate) async fn hub_events(&self, portal: SocketAddr, events: &serde_json::Value) -> (StatusCode, Bytes) {
        self.packed_events(portal, None, events.to_string().into_bytes()).await
    }

    /// A batch as it is, with what is said of its packing.
    pub(crate) async fn packed_events(
        &self,
        portal: SocketAddr,
        encoding: Option<&str>,
        body: Vec<u8>,
    ) -> (StatusCode, Bytes) {
        let mut request = Request::post(HUB_EVENTS).header("content-type", MEDIA_EVENTS);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        self.send(portal, request.body(Full::new(Bytes::from(body))).unwrap(), true).await
    }

    /// Alerts of one stream as the agent writes them.
    pub(crate) fn alerts(&self, stream: StreamId, numbers: impl IntoIterator<Item = u64>) -> Vec<u8> {
        let event = |number| {
            let mut out = String::new();
            let record = format!(r#"{{"event_type":"alert","n":{number},"alert":{{"signature":"No. {number}"}}}}"#);
            AlertEvent {
                id: AlertId { stream, number },
                sensor: self.id,
                epoch: Epoch(1),
                severity: Severity::from_engine(Some(1 + number % 3)),
                at: UnixMillis(1_800_000_000_000),
                record: &record,
            }
            .write(&mut out);
            out
        };
        format!("[{}]", numbers.into_iter().map(event).collect::<Vec<_>>().join(",")).into_bytes()
    }

    /// Has the built-in hub take alerts.
    pub(crate) async fn deliver(
        &self,
        portal: SocketAddr,
        stream: StreamId,
        numbers: impl IntoIterator<Item = u64>,
    ) -> Result<(), Refused> {
        success(self.packed_events(portal, None, self.alerts(stream, numbers)).await).map(|_| ())
    }

    /// How it speaks TLS.
    pub(crate) fn tls(&self) -> ClientConfig {
        self.tls_showing(true)
    }

    /// How anybody does.
    pub(crate) fn tls_without_certificate(&self) -> ClientConfig {
        self.tls_showing(false)
    }

    fn tls_showing(&self, show: bool) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        for authority in &self.authorities {
            roots.add(CertificateDer::from(authority.clone())).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots);
        match self.certificate.clone().filter(|_| show) {
            Some(certificate) => {
                let key = PrivateKeyDer::try_from(self.key.serialize_der()).unwrap();
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
            None => config.with_no_client_auth(),
        }
    }

    /// Any request over its own TLS connection, with the client certificate or without.
    pub(crate) async fn send(
        &self,
        portal: SocketAddr,
        request: Request<Full<Bytes>>,
        show: bool,
    ) -> (StatusCode, Bytes) {
        self.try_send(portal, request, show).await.unwrap()
    }

    /// As [`Self::send`], to a portal that may be killed meanwhile.
    pub(crate) async fn try_send(
        &self,
        portal: SocketAddr,
        request: Request<Full<Bytes>>,
        show: bool,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let config = self.tls_showing(show);
        let stream = TcpStream::connect(portal).await?;
        let name = ServerName::from(portal.ip());
        let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        let response = sender.send_request(request).await?;
        let status = response.status();
        Ok((status, response.into_body().collect().await?.to_bytes()))
    }

    fn status(&self) -> SensorStatus {
        SensorStatus {
            mode: self.mode,
            epoch: Epoch(1),
            name: "Named on the sensor".parse().unwrap(),
            appliance: ApplianceId::from_digest(&[7; 32]),
            addresses: vec!["10.0.0.4".to_owned()],
            uptime_seconds: self.counter,
            clock: UnixSeconds(1_800_000_000),
            interval_seconds: 60,
            counters: BTreeMap::new(),
            health: BTreeMap::new(),
            ti: TiStatus { version: None, automatic: false, status: "none".to_owned() },
            streams: self.streams.clone(),
            last_candidate: None,
        }
    }
}

fn rand_128() -> u128 {
    u128::from_ne_bytes(KeyPair::generate().unwrap().public_key_raw()[1..17].try_into().unwrap())
}

fn success((status, body): (StatusCode, Bytes)) -> Result<Bytes, Refused> {
    if status.is_success() { Ok(body) } else { Err((status, serde_json::from_slice(&body).unwrap())) }
}

/// The code of a refusal.
pub(crate) fn code<T: std::fmt::Debug>(outcome: Result<T, Refused>) -> (u16, String) {
    let (status, problem) = outcome.unwrap_err();
    (status.as_u16(), problem.code)
}

fn first_certificate(body: &[u8]) -> CertificateDer<'static> {
    let info = ContentInfo::from_der(&STANDARD.decode(body).unwrap()).unwrap();
    let signed: SignedData = info.content.decode_as().unwrap();
    let certificates = signed.certificates.unwrap();
    let CertificateChoices::Certificate(certificate) = &certificates.0.as_slice()[0] else { panic!("no certificate") };
    CertificateDer::from(certificate.to_der().unwrap())
}
