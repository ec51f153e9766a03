//! The syslog server, by a sender of a few lines.

use std::{io::Write, net::TcpStream, sync::Arc};

use anyhow::{Context, Result, ensure};
use picket_lab::{PrivateFolder, Rsyslog, SyslogTls};
use picket_tests::faults::Authority;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::aws_lc_rs};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use serde_json::json;

/// RFC 5424, with what a careless server would change: quotes, a backslash, a tabulator, letters beyond ASCII.
const MESSAGE: &str = "<134>1 2026-01-05T06:00:00.054Z line-3 picket - alert [x@32473 a=\"b\"] \"C:\\\\ä\\n\"\tend";

/// By "Implementing ArcSight Common Event Format", with each escape.
const CEF: &str = "<134>1 2026-01-05T06:00:00.054Z line-3 picket - alert - \
                   CEF:0|A|B|1|2|a\\|b \\\\ c=d|8|rt=5 request=/?a\\=b\\\\c\\nd msg=e | f  g";

#[test]
fn keeps_messages_as_they_came_over_tls_and_reads_cef() -> Result<()> {
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
    for message in [MESSAGE, MESSAGE, CEF] {
        // RFC 5425 §4.3: the length in bytes, a space, the message.
        write!(stream, "{} {message}", message.len())?;
    }
    stream.flush()?;
    let received = server.until("the messages are there", |received| received.len() == 3)?;
    let cef = &received[2]["cef"];
    let extensions = json!({ "t": "5", "request": "/?a=b\\c\nd", "msg": "e | f  g" });
    ensure!(cef["Name"] == "a|b \\ c=d" && cef["Extensions"] == extensions, "{cef}");
    for message in &received[..2] {
        ensure!(message["raw"] == MESSAGE, "{message}");
        let app = message["app"].as_str().context("rsyslog did not read it")?;
        ensure!(app == "picket" && message["msgid"] == "alert", "{message}");
    }
    Ok(())
}
