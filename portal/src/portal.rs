//! The parts that both listeners share: role, store, keys, trust root.

use std::sync::Arc;

use hyper::body::Bytes;
use picket_protocol::{documents::activation::Endpoint, time::UnixSeconds};
use tokio::sync::watch;

use crate::{
    alerts::AlertStore,
    authority::{certificates::CertificateAuthority, trust::Trust},
    domain::{issue::Issuer, refused::Refused, role::Role},
    reader::Reading,
    sharing::Sharing,
    store::{Store, views::Viewpoint},
};

/// A running portal or management console.
#[derive(Debug)]
pub struct Portal {
    /// What it is to its sensors.
    pub role: Role,
    /// What it keeps.
    pub store: Store,
    /// The alerts it keeps.
    pub alerts: AlertStore,
    /// How it gets on with reading the hubs that it confirms.
    pub reading: Reading,
    /// Tells others of alerts and of how sensors stand.
    pub sharing: Sharing,
    /// Signs the sensors' certificates.
    pub device_ca: CertificateAuthority,
    /// Which of them are withdrawn, as last published: PEM.
    pub crl: watch::Sender<Bytes>,
    /// Its sensor port, with the CAs it is believed by.
    pub endpoint: Endpoint,
    /// Its trust root; none at a management console.
    pub trust: watch::Receiver<Option<Arc<Trust>>>,
    /// When it began to listen.
    pub listening_since: UnixSeconds,
}

impl Portal {
    /// From where its views are seen.
    #[must_use]
    pub const fn viewpoint(&self) -> Viewpoint {
        Viewpoint { role: self.role, listening_since: self.listening_since }
    }

    /// Shares alerts and health events until `stop` changes.
    pub fn share(&self, stop: watch::Receiver<bool>) -> impl Future<Output = ()> + use<> {
        let (store, alerts) = (self.store.clone(), self.alerts.clone());
        self.sharing.clone().run(store, alerts, self.role, self.listening_since, stop)
    }

    /// The trust root as last read.
    ///
    /// # Errors
    /// At a management console, which has none.
    pub fn trust(&self) -> Result<Arc<Trust>, Refused> {
        self.trust.borrow().clone().ok_or(Refused::NotAPortal)
    }

    /// What it is in the files it issues.
    ///
    /// # Errors
    /// At a management console, which issues none.
    pub fn issuer(&self) -> Result<Issuer, Refused> {
        Ok(Issuer { trust_root: self.trust()?.id(), endpoint: self.endpoint.clone() })
    }
}
