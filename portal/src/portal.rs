//! The parts that both listeners share: role, store, keys, trust root.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use hyper::body::Bytes;
use picket_protocol::{documents::activation::Endpoint, time::UnixSeconds};
use tokio::sync::watch;

use crate::{
    alerts::{AlertStore, Bounds},
    authority::{certificates::CertificateAuthority, trust::Trust},
    domain::{issue::Issuer, refused::Refused, role::Role},
    reader::Reading,
    sharing::Sharing,
    store::{Store, views::Viewpoint},
};

/// What its command line says of it, for those who look.
#[derive(Debug, Clone, Copy)]
pub struct Told {
    /// The interval that sensors are asked to keep, seconds; none: their own.
    pub interval_seconds: Option<u32>,
    /// For how long, and in how much, alerts are kept.
    pub alert_bounds: Bounds,
    /// For how long changes are gathered before they are shared.
    pub gather: Duration,
    /// Handshakes a second that one address may begin; none: any number.
    pub handshakes_per_address: Option<NonZeroU32>,
}

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
    /// How it was started.
    pub told: Told,
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
