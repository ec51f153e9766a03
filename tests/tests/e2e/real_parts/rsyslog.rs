//! The syslog server, by a sender of a few lines.

use std::{io::Write, net::TcpStream, sync::Arc};

use anyhow::{Context, Result, ensure};
use picket_lab::{PrivateFolder, Rsyslog, SyslogTls};
use picket_tests::faults::Authority;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};

/// RFC 5424, with what a careless server would change: quotes, a backslash, a tabulator, letters beyond ASCII.
const MESSAGE: &str = "<134>1 2026-01-05T06:00:00.054Z line-3 picket - alert [x@32473 a=\"b\"] \"C:\\\\ä\\n\"\tend";

#[test]
fn keeps_messages_as_they_came_over_tls() -> Result<()> {
    let folder = PrivateFolder::new()?;
    let authority = Authority::new("A syslog server's CA")?;
    let (ca, chain, key) = (folder.join("ca.pem"), folder.join("server.pem"), folder.join("server.key"));
    authority.write(&ca)?;
    authority.write_pair("syslog", &["localhost"], &chain, &key)?;
    let tls = SyslogTls { authority: ca.clone(), chain, key };
    let mut server = Rsyslog::set_up(&folder.join("server"), &tls)?;
    server.start()?;

    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(&ca)?)?;
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let client = builder.with_safe_default_protocol_versions()?.with_root_certificates(roots).with_no_client_auth();
    let connection = ClientConnection::new(Arc::new(client), ServerName::try_from("localhost")?)?;
    let mut stream = StreamOwned::new(connection, TcpStream::connect(("127.0.0.1", server.port()))?);
    for _ in 0..2 {
        // RFC 5425 §4.3: the length in bytes, a space, the message.
        write!(stream, "{} {MESSAGE}", MESSAGE.len())?;
    }
    stream.flush()?;
    let received = server.until("both messages are there", |received| received.len() == 2)?;
    for message in received {
        ensure!(message["raw"] == MESSAGE, "{message}");
        let app = message["app"].as_str().context("rsyslog did not read it")?;
        ensure!(app == "picket" && message["msgid"] == "alert", "{message}");
    }
    Ok(())
}
