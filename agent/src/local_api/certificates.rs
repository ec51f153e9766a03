//! The table of every key and certificate that this sensor relies on. Public parts only; reads no file.

use std::{collections::BTreeSet, sync::Arc};

use axum::{extract::State, response::Response};
use picket_protocol::{
    ids::hex,
    local_api::{CertificateView, EndpointRole, KeyKind, Status, TrustRootView},
    time::UnixSeconds,
};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{
    LocalApi,
    answer::{self, Refused},
    reads::look,
};
use crate::service::{Snapshot, Target};

const DAY: i64 = 86_400;

pub(super) async fn list(State(api): State<Arc<LocalApi>>) -> Result<Response, Refused> {
    Ok(answer::value(&table(&*look(&api).await?)))
}

pub(super) fn table(snapshot: &Snapshot) -> Vec<CertificateView> {
    let now = snapshot.status.clock.wall.max(snapshot.status.clock.floor);
    let mut rows: Vec<CertificateView> = own(&snapshot.status, now).into_iter().collect();
    let mut seen = BTreeSet::new();
    for Target { role, endpoint, .. } in &snapshot.targets {
        for certificate in &endpoint.ca_certificates {
            if seen.insert((*role, certificate.0.as_slice())) {
                rows.push(authority(*role, &certificate.0, now));
            }
        }
    }
    rows.extend(snapshot.trust.iter().flat_map(keys));
    rows
}

fn own(status: &Status, now: UnixSeconds) -> Option<CertificateView> {
    let until = status.upstream.as_ref()?.certificate_until?;
    Some(dated("this sensor's certificate", None, None, Some(until), now))
}

fn authority(role: EndpointRole, der: &[u8], now: UnixSeconds) -> CertificateView {
    let what = match role {
        EndpointRole::Portal => "CA of the portal",
        EndpointRole::Hub => "CA of the IoT hub",
        EndpointRole::ManagementConsole => "CA of the management console",
    };
    let id = hex(&Sha256::digest(der));
    let read = X509Certificate::from_der(der).ok();
    let subject = read.as_ref().map(|(_, certificate)| certificate.subject().to_string());
    let until = read.map(|(_, certificate)| UnixSeconds(certificate.validity().not_after.timestamp()));
    dated(what, Some(id), subject, until, now)
}

fn dated(
    what: &str,
    id: Option<String>,
    subject: Option<String>,
    not_after: Option<UnixSeconds>,
    now: UnixSeconds,
) -> CertificateView {
    let days_left = not_after.map(|until| until.since(now).div_euclid(DAY));
    CertificateView { what: what.to_owned(), kind: KeyKind::Certificate, id, subject, not_after, days_left }
}

fn keys(root: &TrustRootView) -> Vec<CertificateView> {
    let key = |what: String, id: String| CertificateView {
        what,
        kind: KeyKind::Key,
        id: Some(id),
        subject: None,
        not_after: None,
        days_left: None,
    };
    let of = format!("of trust root {}, version {}", root.confirmation, root.version);
    let roots = root.root_keys.iter().map(|kid| key(format!("root key {of}"), kid.to_string()));
    let signers = root.keys.iter().map(|signer| {
        let roles: Vec<&str> = signer.roles.iter().map(|role| role.as_str()).collect();
        key(format!("key for {} {of}", roles.join(", ")), signer.kid.to_string())
    });
    roots.chain(signers).collect()
}
