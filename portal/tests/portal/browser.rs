//! A browser without scripts: keeps its cookie, sends forms, over TLS.

use std::{net::SocketAddr, sync::Arc};

use http_body_util::{BodyExt as _, Full};
use hyper::{HeaderMap, Request, body::Bytes};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::server::Server;

/// A browser.
pub(crate) struct Browser {
    address: SocketAddr,
    tls: TlsConnector,
    /// Its cookies: `name=value; name=value`.
    pub(crate) cookie: Option<String>,
    /// The token of the last page.
    pub(crate) csrf: String,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Bytes,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }
}

impl Browser {
    pub(crate) fn at(server: &Server) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(server.data().join("tls-ca.pem")).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        let tls = Arc::new(config.with_root_certificates(roots).with_no_client_auth()).into();
        Self { address: server.pages(), tls, cookie: None, csrf: String::new() }
    }

    /// Signed in as the owner that `init` made.
    pub(crate) async fn of_the_owner(server: &Server) -> Self {
        Self::of(server, "owner").await
    }

    /// Signed in as somebody who has just chosen a password.
    pub(crate) async fn of(server: &Server, name: &str) -> Self {
        let code = server.cli(&["user", "setup-code", name]);
        let mut browser = Self::at(server);
        let password = "three grey pumps hum";
        let fields = [("name", name), ("code", &code), ("password", password), ("again", password)];
        let answer = browser.post("/choose-password", &fields).await;
        assert_eq!((answer.status, answer.header("location")), (303, "/"), "{}", answer.body);
        browser.get("/account").await;
        browser
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], String::new()).await
    }

    /// A form with the token of the last page that had one.
    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let csrf = self.csrf.clone();
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend_from_slice(fields);
        self.post_bare(path, &all, &[]).await
    }

    /// A form with these fields and header fields only.
    pub(crate) async fn post_bare(&mut self, path: &str, fields: &[(&str, &str)], headers: &[(&str, &str)]) -> Answer {
        let body = serde_urlencoded::to_string(fields).unwrap();
        let form = ("content-type", "application/x-www-form-urlencoded");
        self.send("POST", path, &[&[form], headers].concat(), body).await
    }

    /// A form with a file, or with text, and nothing else.
    pub(crate) async fn upload(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let part = |(name, text): &(&str, &str)| {
            format!("--xxBOUNDARYxx\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{text}\r\n")
        };
        let body = fields.iter().map(part).collect::<String>() + "--xxBOUNDARYxx--\r\n";
        let form = ("content-type", "multipart/form-data; boundary=xxBOUNDARYxx");
        self.send("POST", path, &[form], body).await
    }

    /// In place of the cookie of the same name, beside the others.
    fn keep(&mut self, cookie: &str) {
        let name = cookie.split_once('=').unwrap().0;
        let others = self.cookie.iter().flat_map(|all| all.split("; "));
        let others = others.filter(|other| other.split_once('=').is_some_and(|(known, _)| known != name));
        self.cookie = Some(others.chain([cookie]).collect::<Vec<_>>().join("; "));
    }

    async fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: String) -> Answer {
        let stream = TcpStream::connect(self.address).await.unwrap();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let stream = self.tls.connect(name, stream).await.unwrap();
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        let mut request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        if let Some(cookie) = &self.cookie {
            request = request.header("cookie", cookie);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let (parts, body) = sender.send_request(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        let answer = Answer { status: parts.status.as_u16(), headers: parts.headers, bytes, body };
        if let Some(cookie) = answer.headers.get("set-cookie") {
            self.keep(cookie.to_str().unwrap().split(';').next().unwrap());
        }
        if let Some((_, rest)) = answer.body.split_once("name=\"csrf\" value=\"") {
            self.csrf = rest.split('"').next().unwrap().to_owned();
        }
        answer
    }
}
