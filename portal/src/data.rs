//! The data folder: which file is where, and the settings that `init` fixed.

use std::path::{Path, PathBuf};

use picket_protocol::{
    documents::activation::{Certificate, Endpoint},
    endpoint_url::{EndpointUrl, Scheme},
};
use serde::{Deserialize, Serialize};

use picket_durable as files;

use crate::{
    authority::{Unusable, certificates},
    database::Address,
    domain::role::Role,
};

/// A data folder.
#[derive(Debug, Clone)]
pub struct DataFolder(PathBuf);

/// What `init` fixed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What this upstream is.
    pub role: Role,
    /// Its sensor port, as sensors reach it: `https://host[:port]`.
    pub url: String,
    /// The PostgreSQL server that keeps everything but the files of this folder; none: SQLite, in the folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub database: Option<String>,
}

impl Settings {
    /// Where sensors reach it.
    ///
    /// # Errors
    /// The rule that the address breaks.
    pub fn address(&self) -> Result<EndpointUrl, String> {
        EndpointUrl::parse(&self.url, Scheme::Https).map_err(|error| format!("{}: {error}", self.url))
    }
}

impl DataFolder {
    /// Names a folder; nothing is opened.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self(path)
    }

    /// The folder itself.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// Role and address.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.0.join("portal.json")
    }

    /// Where the databases are.
    ///
    /// # Errors
    /// What is wrong with the URL of the server.
    pub fn databases(&self, settings: &Settings) -> Result<Address, String> {
        match &settings.database {
            Some(url) => Address::server(url),
            None => Ok(Address::Folder(self.0.clone())),
        }
    }

    /// Held by the one server that may use the folder.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.0.join("lock")
    }

    /// The API token of the first admin.
    #[must_use]
    pub fn api_token(&self) -> PathBuf {
        self.0.join("api-token")
    }

    /// Where the running server's people's API listens.
    #[must_use]
    pub fn people_address(&self) -> PathBuf {
        self.0.join("people-address")
    }

    /// The CA that sensors believe the server by.
    #[must_use]
    pub fn tls_ca(&self) -> PathBuf {
        self.0.join("tls-ca.pem")
    }

    /// Its key; none when the operator brought the certificate.
    #[must_use]
    pub fn tls_ca_key(&self) -> PathBuf {
        self.0.join("tls-ca.key")
    }

    /// The server's certificate.
    #[must_use]
    pub fn server_certificate(&self) -> PathBuf {
        self.0.join("server.pem")
    }

    /// Its key.
    #[must_use]
    pub fn server_key(&self) -> PathBuf {
        self.0.join("server.key")
    }

    /// The CA that certifies sensors.
    #[must_use]
    pub fn device_ca(&self) -> PathBuf {
        self.0.join("device-ca.pem")
    }

    /// Its key.
    #[must_use]
    pub fn device_ca_key(&self) -> PathBuf {
        self.0.join("device-ca.key")
    }

    /// Which certificates of sensors are withdrawn, for brokers.
    #[must_use]
    pub fn device_crl(&self) -> PathBuf {
        self.0.join("device-ca.crl")
    }

    /// The trust root, every version.
    #[must_use]
    pub fn trust_root(&self) -> PathBuf {
        self.0.join("trust.root")
    }

    /// Keys that sign documents. Root keys belong elsewhere.
    #[must_use]
    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    /// Where `init` puts root keys unless told otherwise.
    #[must_use]
    pub fn root_keys(&self) -> PathBuf {
        self.0.join("root-keys")
    }

    /// Reads the settings.
    ///
    /// # Errors
    /// When they cannot be read, or have unknown keys.
    pub fn read_settings(&self) -> Result<Settings, Unusable> {
        let path = self.settings();
        let content = files::read_bounded(&path, 64 * 1024);
        let content = content.map_err(|source| Unusable::File { path: path.clone(), source })?;
        serde_json::from_slice(&content).map_err(|error| Unusable::Content { path, why: error.to_string() })
    }

    /// The sensor port with the CAs that sensors believe it by.
    ///
    /// # Errors
    /// When the CA file cannot be read.
    pub fn endpoint(&self, settings: &Settings) -> Result<Endpoint, Unusable> {
        let certificates = certificates::read_certificates(&self.tls_ca())?;
        let ca_certificates = certificates.iter().map(|certificate| Certificate(certificate.to_vec())).collect();
        Ok(Endpoint { url: settings.url.clone(), ca_certificates })
    }
}
