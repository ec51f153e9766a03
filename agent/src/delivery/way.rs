//! The way to a consumer: whom to call, by which certificate, through which proxy, judged by which time. Opens
//! connections; sends nothing.

use std::sync::Arc;

use picket_lifecycle::{
    effect::TlsTime,
    routes::{Route, RouteTo, Routes},
};
use picket_protocol::{endpoint_url::EndpointUrl, ids::SensorId, refusal::Refusal};
use tokio::{net::TcpStream, sync::watch};
use tokio_rustls::client::TlsStream;

use super::kind::ConsumerKind;
use crate::{
    clock,
    identity::Identities,
    proxy::Proxy,
    upstream::{
        dial, mqtt,
        tls::{Greeting, TlsSettings},
    },
};

/// Who the sensor is to whomever it delivers to.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// Keys and certificates.
    pub identities: Identities,
    /// How TLS greets.
    pub greeting: Greeting,
}

/// See the module. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Way {
    kind: ConsumerKind,
    route: Arc<Route>,
    routes: watch::Receiver<Routes>,
    credentials: Credentials,
}

impl Way {
    /// Along a route. What time it is at least, `routes` knows better than the route.
    #[must_use]
    pub(super) const fn new(
        kind: ConsumerKind,
        route: Arc<Route>,
        routes: watch::Receiver<Routes>,
        credentials: Credentials,
    ) -> Self {
        Self { kind, route, routes, credentials }
    }

    /// The registration that the alerts come from.
    #[must_use]
    pub(super) fn sensor(&self) -> SensorId {
        self.route.sensor
    }

    /// Where it leads.
    #[must_use]
    pub(super) fn url(&self) -> &str {
        &self.route.endpoint.url
    }

    /// Where it leads, read.
    ///
    /// # Errors
    /// [`Refusal::Unsupported`].
    pub(super) fn target(&self) -> Result<EndpointUrl, Refusal> {
        match self.route.to {
            RouteTo::Https => dial::address(self.url()),
            RouteTo::Mqtt { .. } => mqtt::address(self.url()),
        }
    }

    /// An authenticated connection that speaks one of these protocols (ALPN); none is named where there is no choice.
    ///
    /// # Errors
    /// The refusal of the stage that failed.
    pub(super) async fn dial(&self, protocols: &[&[u8]]) -> Result<TlsStream<TcpStream>, Refusal> {
        let target = self.target()?;
        let Credentials { identities, greeting } = &self.credentials;
        let settings = TlsSettings {
            ca_certificates: &self.route.endpoint.ca_certificates,
            time: self.tls_time(),
            greeting: *greeting,
            credential: Some(identities.credential(self.route.stamp.cti, self.route.with)?),
        };
        let mut config = settings.config(&target.host)?;
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let proxy = self.route.proxy.as_ref().map(Proxy::try_from).transpose();
        let proxy = proxy.map_err(|error| Refusal::InvalidRequest { why: error.to_string() })?;
        dial::dial(&target, proxy.as_ref(), config).await
    }

    fn tls_time(&self) -> TlsTime {
        let routes = self.routes.borrow();
        let newest = self.kind.route(&routes).filter(|route| route.stamp == self.route.stamp);
        let floor = newest.map_or(self.route.tls_floor, |route| route.tls_floor);
        let wall = clock::wall();
        TlsTime { at: wall.max(floor), enforce_not_before: wall >= floor }
    }
}
