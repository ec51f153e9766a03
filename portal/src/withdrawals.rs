//! Publishes which certificates of sensors are withdrawn, for brokers: a CRL (RFC 5280 §5) in the data folder and on the
//! sensors' port, made anew when a sensor is deleted or a key superseded.

use std::{path::PathBuf, sync::Arc, time::Duration};

use hyper::body::Bytes;
use tokio::{sync::watch, time::interval};

use crate::{clock, portal::Portal, store::Withdrawn};

/// How often it is looked for keys that may not deliver any more.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Keeps the CRL in step with the database until `stop` changes.
pub async fn publish(portal: Arc<Portal>, path: PathBuf, mut stop: watch::Receiver<bool>) {
    let mut look = interval(LOOK_EVERY);
    let mut published: Option<Vec<Withdrawn>> = None;
    loop {
        tokio::select! {
            _ = stop.changed() => return,
            _ = look.tick() => {}
        }
        let Ok(withdrawn) = portal.store.withdrawn(clock::now()).await else { continue };
        if published.as_ref() == Some(&withdrawn) {
            continue;
        }
        match write(&portal, &path, &withdrawn) {
            Ok(()) => {
                tracing::info!(certificates = withdrawn.len(), "the list of withdrawn certificates was published");
                published = Some(withdrawn);
            }
            Err(error) => tracing::error!(%error, "the list of withdrawn certificates could not be published"),
        }
    }
}

fn write(portal: &Portal, path: &std::path::Path, withdrawn: &[Withdrawn]) -> anyhow::Result<()> {
    let crl = Bytes::from(portal.device_ca.withdrawals(withdrawn, clock::now())?);
    picket_durable::replace(path, &crl)?;
    portal.crl.send_replace(crl);
    Ok(())
}
