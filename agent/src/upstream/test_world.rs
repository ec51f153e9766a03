//! What the tests of upstream and check talk to: a CA, a TLS server and two proxies, all on loopback and free ports.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Bytes, body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use picket_protocol::{
    documents::activation::{Certificate, Endpoint},
    local_api::ProxySettings,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType,
    SubjectPublicKeyInfo, date_time_ymd,
};
use rustls::{RootCertStore, ServerConfig, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivatePkcs8KeyDer};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// A CA with its key.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) der: Vec<u8>,
}

impl Ca {
    pub(crate) fn named(name: &str) -> Self {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let der = params.self_signed(&key).unwrap().der().to_vec();
        Self { issuer: Issuer::new(params, key), der }
    }

    /// A certificate for 127.0.0.1 from the first of January of one year to that of another.
    pub(crate) fn server(&self, from: i32, until: i32) -> (Vec<CertificateDer<'static>>, KeyPair) {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let der = self.issue(&key, from, until, vec![SanType::IpAddress("127.0.0.1".parse().unwrap())]);
        (vec![der], key)
    }

    /// The certs-only CMS message with a certificate for the key in this PKCS#10.
    pub(crate) fn enrol(&self, csr: &[u8]) -> Vec<u8> {
        let csr = rcgen::CertificateSigningRequestParams::from_der(&csr.into()).unwrap();
        let public = SubjectPublicKeyInfo::from_der(&csr.public_key.subject_public_key_info()).unwrap();
        certs_only(&[&self.issue(&public, 2020, 2099, vec![])])
    }

    fn issue(&self, key: &impl PublicKeyData, from: i32, until: i32, names: Vec<SanType>) -> CertificateDer<'static> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "leaf");
        params.subject_alt_names = names;
        params.not_before = date_time_ymd(from, 1, 1);
        params.not_after = date_time_ymd(until, 1, 1);
        params.signed_by(key, &self.issuer).unwrap().der().clone()
    }
}

/// RFC 5652: SignedData without signers.
pub(crate) fn certs_only(certificates: &[&[u8]]) -> Vec<u8> {
    const SIGNED_DATA: [u8; 11] = [0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
    const DATA: [u8; 13] = [0x30, 0x0B, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
    let version_and_algorithms = [0x02, 0x01, 0x01, 0x31, 0x00];
    let set = value(0xA0, &certificates.concat());
    let signed = value(0x30, &[&version_and_algorithms[..], &DATA, &set, &[0x31, 0x00]].concat());
    value(0x30, &[&SIGNED_DATA[..], &value(0xA0, &signed)].concat())
}

fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&[tag, 0x82], &length[..], content].concat()
}

/// What the server was asked.
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
    pub(crate) with_certificate: bool,
}

/// Status, header lines, body.
pub(crate) type Answered = (u16, Vec<(&'static str, String)>, Vec<u8>);

pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) connections: Arc<AtomicUsize>,
}

impl Server {
    pub(crate) fn endpoint(&self, ca: &Ca) -> Endpoint {
        Endpoint { url: format!("https://{}", self.address), ca_certificates: vec![Certificate(ca.der.clone())] }
    }
}

/// A TLS server with this certificate. Client certificates are optional and, if shown, have to be the CA's.
pub(crate) async fn serve(
    ca: &Ca,
    (chain, key): (Vec<CertificateDer<'static>>, KeyPair),
    answer: impl Fn(Asked) -> Answered + Send + Sync + 'static,
) -> Server {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(ca.der.as_slice().into()).unwrap();
    let clients = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone())
        .allow_unauthenticated()
        .build()
        .unwrap();
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(clients)
        .with_single_cert(chain, PrivatePkcs8KeyDer::from(key.serialize_der()).into())
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let answer = Arc::new(answer);
    let (address, connections) = listen(move |stream| {
        let (acceptor, answer) = (acceptor.clone(), answer.clone());
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let with_certificate = stream.get_ref().1.peer_certificates().is_some();
            let service = service_fn(move |request: Request<Incoming>| {
                let answer = answer.clone();
                async move { Ok::<_, Infallible>(respond(request, with_certificate, &*answer).await) }
            });
            let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
        }
    })
    .await;
    Server { address, connections }
}

async fn respond(
    request: Request<Incoming>,
    with_certificate: bool,
    answer: &(impl Fn(Asked) -> Answered + ?Sized),
) -> Response<Full<Bytes>> {
    let (head, body) = request.into_parts();
    let authorization = head.headers.get("authorization").map(|value| value.to_str().unwrap().to_owned());
    let body = body.collect().await.unwrap().to_bytes().to_vec();
    let asked = Asked { path: head.uri.path().to_owned(), authorization, body, with_certificate };
    let (status, headers, body) = answer(asked);
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(name, value);
    }
    response.body(body.into()).unwrap()
}

/// Accepts on a free port until the test ends.
pub(crate) async fn listen<F>(handle: impl Fn(TcpStream) -> F + Send + 'static) -> (SocketAddr, Arc<AtomicUsize>)
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(handle(stream));
        }
    });
    (address, connections)
}

/// An HTTP CONNECT proxy; wants this `user:password`, if any.
pub(crate) async fn connect_proxy(wanted: Option<&'static str>) -> String {
    let (address, _) = listen(move |mut stream| async move {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            head.push(char::from(stream.read_u8().await.unwrap()));
        }
        let expected = wanted.map(|pair| format!("Proxy-Authorization: Basic {}\r\n", STANDARD.encode(pair)));
        if expected.is_some_and(|expected| !head.contains(&expected)) {
            let _ = stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n").await;
            return;
        }
        let target = head.split(' ').nth(1).unwrap();
        match TcpStream::connect(target).await {
            Ok(mut onward) => {
                stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut onward).await;
            }
            Err(_) => drop(stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\n\r\n").await),
        }
    })
    .await;
    format!("http://{address}")
}

/// A SOCKS5 proxy for IPv4 addresses; wants this user and password, if any.
pub(crate) async fn socks5_proxy(wanted: Option<(&'static str, &'static str)>) -> String {
    let (address, _) = listen(move |mut stream| async move {
        let mut hello = [0; 2];
        stream.read_exact(&mut hello).await.unwrap();
        let mut methods = vec![0; hello[1].into()];
        stream.read_exact(&mut methods).await.unwrap();
        match wanted {
            None => stream.write_all(&[5, 0]).await.unwrap(),
            Some(_) if !methods.contains(&2) => return drop(stream.write_all(&[5, 0xFF]).await),
            Some((user, password)) => {
                stream.write_all(&[5, 2]).await.unwrap();
                let expected = [&[1, length(user)][..], user.as_bytes(), &[length(password)], password.as_bytes()];
                let mut given = vec![0; expected.concat().len()];
                stream.read_exact(&mut given).await.unwrap();
                let fits = given == expected.concat();
                stream.write_all(&[1, u8::from(!fits)]).await.unwrap();
                if !fits {
                    return;
                }
            }
        }
        let mut request = [0; 10];
        stream.read_exact(&mut request).await.unwrap();
        let [5, 1, 0, 1, a, b, c, d, high, low] = request else { return };
        match TcpStream::connect(SocketAddr::from(([a, b, c, d], u16::from_be_bytes([high, low])))).await {
            Ok(mut onward) => {
                stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.unwrap();
                let _ = copy_bidirectional(&mut stream, &mut onward).await;
            }
            Err(_) => drop(stream.write_all(&[5, 5, 0, 1, 0, 0, 0, 0, 0, 0]).await),
        }
    })
    .await;
    format!("socks5://{address}")
}

fn length(text: &str) -> u8 {
    text.len().try_into().unwrap()
}

pub(crate) fn proxy(url: &str, user: Option<&str>, password: Option<&str>) -> ProxySettings {
    ProxySettings {
        url: url.into(),
        user: user.map(Into::into),
        password: password.map(|password| password.to_owned().into()),
    }
}

/// A port on which nothing listens.
pub(crate) async fn closed_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
}
