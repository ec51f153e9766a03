//! TLS of the far ends: the certificate of a portal's data folder, and its sensors' certificates demanded or not.

use std::{
    net::{TcpListener, TcpStream},
    path::Path,
    sync::Arc,
    thread,
};

use anyhow::{Context, Result};
use rustls::{
    RootCertStore, ServerConfig, ServerConnection, StreamOwned, crypto::aws_lc_rs, server::WebPkiClientVerifier,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};

pub(crate) type Stream = StreamOwned<ServerConnection, TcpStream>;

/// Serves each connection in a thread of its own, for ever.
pub(crate) fn serve(
    address: &str,
    config: &Arc<ServerConfig>,
    each: impl Fn(Stream) -> Result<()> + Clone + Send + 'static,
) -> Result<()> {
    let listener = TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    for stream in listener.incoming() {
        let (stream, config, each) = (stream?, Arc::clone(config), each.clone());
        stream.set_nodelay(true)?;
        thread::spawn(move || {
            let served = ServerConnection::new(config).map_err(Into::into);
            if let Err(error) = served.and_then(|tls| each(StreamOwned::new(tls, stream))) {
                eprintln!("{error:#}");
            }
        });
    }
    Ok(())
}

/// Shows the portal's own certificate. `mutual`: takes nobody but the portal's sensors.
pub(crate) fn config(portal: &Path, mutual: bool) -> Result<Arc<ServerConfig>> {
    let chain = CertificateDer::pem_file_iter(portal.join("server.pem"))?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(portal.join("server.key"))?;
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
    let builder = if mutual {
        let mut sensors = RootCertStore::empty();
        for certificate in CertificateDer::pem_file_iter(portal.join("device-ca.pem"))? {
            sensors.add(certificate?)?;
        }
        builder
            .with_client_cert_verifier(WebPkiClientVerifier::builder_with_provider(sensors.into(), provider).build()?)
    } else {
        builder.with_no_client_auth()
    };
    Ok(Arc::new(builder.with_single_cert(chain, key)?))
}
