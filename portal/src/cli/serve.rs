//! `picket-portal serve`: opens the data folder, listens, says that it is ready, and drains when told to stop.

use std::{net::SocketAddr, num::NonZeroU32, path::PathBuf, sync::Arc, time::Duration};

use anyhow::{Context as _, ensure};
use clap::Args;
use picket_guard::listen;
use picket_protocol::heartbeat::DesiredState;
use serde_json::json;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
    task::JoinHandle,
};

use super::{descriptors, folder, output};
use crate::{
    alerts::{AlertStore, Bounds},
    authority::{certificates::CertificateAuthority, trust::Trust},
    clock,
    data::{DataFolder, Settings},
    database::{self, Address},
    device,
    device::tls::ServerCertificate,
    domain::{heartbeat::Policy, role::Role},
    people,
    portal::{Portal, Told},
    reader::{self, Reading},
    sharing::Sharing,
    store::Store,
    web, withdrawals,
};

/// How often files that people change under a running server are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How often the server's certificate is looked at.
const RENEW_EVERY: Duration = Duration::from_secs(6 * 3600);

/// Less than that, and what comes at once would take much of it: alerts would be forgotten, or refused, as they come.
const LEAST_MEBIBYTES: u64 = 64;

#[derive(Debug, Args)]
pub(super) struct Serve {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
    /// Where sensors connect. Port 0 takes a free one. Where systemd passes a socket, that one is taken instead.
    #[arg(long, default_value = "0.0.0.0:443")]
    sensors_listen: SocketAddr,
    /// Where the people's API listens; loopback only.
    #[arg(long, default_value = "127.0.0.1:8480")]
    people_listen: SocketAddr,
    /// Where people's pages are served, with the API beside them, over TLS. Without it there are none.
    #[arg(long)]
    pages_listen: Option<SocketAddr>,
    /// The interval that sensors shall keep, seconds, 10 to 900. Without it they keep their own.
    #[arg(long)]
    heartbeat_interval: Option<u32>,
    /// TLS handshakes a second that one address may begin. 0 bounds no address: behind a load balancer, whose address all
    /// sensors share.
    #[arg(long, default_value_t = 200)]
    handshakes_per_address: u32,
    /// For how long changes of how sensors stand are gathered before they are shared, 1 to 45 seconds.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=45))]
    gather_seconds: u64,
    /// For how many days alerts are kept.
    #[arg(long, default_value_t = 90)]
    alerts_days: u32,
    /// In how much of the disk alerts are kept, MiB.
    #[arg(long, default_value_t = 51_200)]
    alerts_mebibytes: u64,
}

impl Serve {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        log_to_stderr();
        self.check()?;
        let folder = DataFolder::new(self.data.clone());
        let _lock = folder::lock(&folder)?;
        let settings = folder.read_settings()?;
        let server = Server::open(&self, folder, settings).await?;
        server.run().await
    }

    fn check(&self) -> anyhow::Result<()> {
        ensure!(self.people_listen.ip().is_loopback(), "the people's API has no TLS: it listens on loopback only");
        if let Some(interval) = self.heartbeat_interval {
            ensure!(DesiredState::INTERVALS.contains(&interval), "a heartbeat interval has 10 to 900 seconds");
        }
        ensure!(self.alerts_days >= 1, "alerts are kept for at least a day");
        ensure!(self.alerts_mebibytes >= LEAST_MEBIBYTES, "alerts need at least {LEAST_MEBIBYTES} MiB");
        Ok(())
    }

    fn told(&self) -> Told {
        Told {
            interval_seconds: self.heartbeat_interval,
            alert_bounds: self.alert_bounds(),
            gather: Duration::from_secs(self.gather_seconds),
            handshakes_per_address: NonZeroU32::new(self.handshakes_per_address),
        }
    }

    const fn alert_bounds(&self) -> Bounds {
        Bounds { days: self.alerts_days, bytes: self.alerts_mebibytes.saturating_mul(1 << 20) }
    }
}

struct Server {
    folder: DataFolder,
    settings: Settings,
    databases: Address,
    portal: Arc<Portal>,
    certificate: Arc<ServerCertificate>,
    sensors: TcpListener,
    people: TcpListener,
    pages: Option<TcpListener>,
    writers: [JoinHandle<()>; 2],
    handshakes_per_address: Option<NonZeroU32>,
    policy: watch::Sender<Policy>,
    trust: watch::Sender<Option<Arc<Trust>>>,
}

impl Server {
    async fn open(serve: &Serve, folder: DataFolder, settings: Settings) -> anyhow::Result<Self> {
        folder::renew(&folder, &settings, clock::now())?;
        let trust = match settings.role {
            Role::Portal => Some(Arc::new(Trust::read(&folder.trust_root(), &folder.keys())?)),
            Role::ManagementConsole => None,
        };
        let newest_root = trust.as_ref().map_or(0, |trust| trust.newest().version);
        let policy = Policy { role: settings.role, interval_seconds: serve.heartbeat_interval, newest_root };
        let (policy, policy_seen) = watch::channel(policy);
        let (trust, trust_seen) = watch::channel(trust);
        let databases = folder.databases(&settings).map_err(anyhow::Error::msg)?;
        let (store, writer) = Store::open(&databases, policy_seen).await?;
        let (alerts, alert_writer) = AlertStore::open(&databases, serve.alert_bounds()).await?;
        let drawn_back = store.draw_back_cursors(alerts.clone()).await;
        drawn_back.map_err(|refused| anyhow::Error::msg(refused.problem().title))?;
        let portal = Portal {
            role: settings.role,
            store,
            alerts,
            reading: Reading::default(),
            sharing: Sharing::gathering(Duration::from_secs(serve.gather_seconds)),
            device_ca: CertificateAuthority::read(&folder.device_ca(), &folder.device_ca_key())?,
            crl: watch::Sender::default(),
            endpoint: folder.endpoint(&settings)?,
            trust: trust_seen,
            told: serve.told(),
            listening_since: clock::now(),
        };
        let certificate = folder::server_certificate(&folder)?;
        let listen = async |address| TcpListener::bind(address).await.with_context(|| format!("listen on {address}"));
        let sensors = listen::passed_or_at(serve.sensors_listen).await;
        let sensors = sensors.with_context(|| format!("listen on {}", serve.sensors_listen))?;
        let people = listen(serve.people_listen).await?;
        let pages = match serve.pages_listen {
            Some(address) => Some(listen(address).await?),
            None => None,
        };
        let portal = Arc::new(portal);
        let writers = [writer, alert_writer];
        let handshakes_per_address = NonZeroU32::new(serve.handshakes_per_address);
        Ok(Self {
            folder,
            settings,
            databases,
            portal,
            certificate,
            sensors,
            people,
            pages,
            writers,
            handshakes_per_address,
            policy,
            trust,
        })
    }

    async fn run(self) -> anyhow::Result<()> {
        let (sensors, people) = (self.sensors.local_addr()?, self.people.local_addr()?);
        let pages = self.pages.as_ref().map(TcpListener::local_addr).transpose()?;
        folder::write(&self.folder.people_address(), people.to_string().as_bytes())?;
        let (stop, stopped) = watch::channel(false);
        // Before anybody is told that it is ready: from then on it may be told to stop.
        let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        let tls = device::tls::server_config(Arc::clone(&self.certificate))?;
        let connections = descriptors::room_for_connections().context("ask for the number of open files")?;
        let limits = device::Limits { connections, handshakes_per_address: self.handshakes_per_address };
        let device = tokio::spawn(device::serve(self.sensors, tls, Arc::clone(&self.portal), limits, stopped.clone()));
        let served = tokio::spawn(people::serve(self.people, Arc::clone(&self.portal), stopped.clone()));
        let drawn = match self.pages {
            Some(listener) => {
                let tls = device::tls::pages_config(Arc::clone(&self.certificate))?;
                Some(tokio::spawn(web::serve(listener, tls, Arc::clone(&self.portal), stopped.clone())))
            }
            None => None,
        };
        let sharing = tokio::spawn(share(Arc::clone(&self.portal), self.databases.clone(), stopped));
        let reader = tokio::spawn(read_hubs(Arc::clone(&self.portal), self.databases, stop.subscribe()));
        let withdrawals = withdrawals::publish(Arc::clone(&self.portal), self.folder.device_crl(), stop.subscribe());
        let withdrawals = tokio::spawn(withdrawals);
        let look = Lookout {
            folder: self.folder.clone(),
            settings: self.settings,
            certificate: self.certificate,
            policy: self.policy,
            trust: self.trust,
        };
        let look = tokio::spawn(look.run());

        let mut ready = json!({ "ready": true, "sensors": sensors.to_string(), "people": people.to_string() });
        if let Some(pages) = pages {
            ready["pages"] = pages.to_string().into();
        }
        output::json(&ready);
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]); // an error says that nobody listens
        tracing::info!(%sensors, %people, role = %self.portal.role, "ready");
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
        tracing::info!("draining");

        let _ = stop.send(true);
        look.abort();
        device.await?;
        served.await??;
        if let Some(drawn) = drawn {
            drawn.await?;
        }
        reader.await?;
        withdrawals.await?;
        sharing.await?;
        let _ = std::fs::remove_file(self.folder.people_address());
        drop(self.portal); // with the last clone of a store its writer ends
        for writer in self.writers {
            writer.await.context("a writer did not end well")?;
        }
        Ok(())
    }
}

/// Of several processes one sends alerts on.
async fn share(portal: Arc<Portal>, databases: Address, stop: watch::Receiver<bool>) {
    database::on_duty(&databases, "sharing", stop, |stop| portal.share(stop)).await;
}

/// Of several processes one reads the hubs: a broker takes no two by one name.
async fn read_hubs(portal: Arc<Portal>, databases: Address, stop: watch::Receiver<bool>) {
    database::on_duty(&databases, "hubs", stop, |stop| reader::run(Arc::clone(&portal), stop)).await;
}

/// Looks after files that change under a running server: the trust root, the keys, the server's certificate.
struct Lookout {
    folder: DataFolder,
    settings: Settings,
    certificate: Arc<ServerCertificate>,
    policy: watch::Sender<Policy>,
    trust: watch::Sender<Option<Arc<Trust>>>,
}

impl Lookout {
    async fn run(self) {
        let mut look = tokio::time::interval(LOOK_EVERY);
        let mut renew = tokio::time::interval(RENEW_EVERY);
        let mut roots_seen = self.roots_stamp();
        let mut certificate_seen = stamp(&self.folder.server_certificate());
        loop {
            tokio::select! {
                _ = look.tick() => {}
                _ = renew.tick() => self.renew(),
            }
            if changed(&mut roots_seen, self.roots_stamp()) {
                self.read_trust();
            }
            if changed(&mut certificate_seen, stamp(&self.folder.server_certificate())) {
                self.read_certificate();
            }
        }
    }

    fn roots_stamp(&self) -> Option<(Stamp, Stamp)> {
        Some((stamp(&self.folder.trust_root())?, stamp(&self.folder.keys())?))
    }

    fn renew(&self) {
        if let Err(error) = folder::renew(&self.folder, &self.settings, clock::now()) {
            tracing::error!(%error, "the server's certificate could not be renewed");
        }
    }

    fn read_trust(&self) {
        match Trust::read(&self.folder.trust_root(), &self.folder.keys()) {
            Ok(read) => {
                let version = read.newest().version;
                self.trust.send_replace(Some(Arc::new(read)));
                self.policy.send_modify(|policy| policy.newest_root = version);
                tracing::info!(version, "trust root read again");
            }
            Err(error) => tracing::error!(%error, "the changed trust root cannot be used; the one in use stays"),
        }
    }

    fn read_certificate(&self) {
        use crate::authority::certificates::{read_certificates, read_private_key};
        let read = read_certificates(&self.folder.server_certificate())
            .and_then(|chain| Ok((chain, read_private_key(&self.folder.server_key())?)));
        match read.map(|(chain, key)| self.certificate.replace(chain, key)) {
            Ok(Ok(())) => tracing::info!("the server's certificate was read again"),
            Ok(Err(error)) => tracing::error!(%error, "the changed server certificate cannot be used"),
            Err(error) => tracing::error!(%error, "the changed server certificate cannot be read"),
        }
    }
}

type Stamp = std::time::SystemTime;

fn stamp(path: &std::path::Path) -> Option<Stamp> {
    std::fs::metadata(path).and_then(|metadata| metadata.modified()).ok()
}

fn changed<T: PartialEq>(seen: &mut Option<T>, now: Option<T>) -> bool {
    if now.is_none() || *seen == now {
        return false;
    }
    *seen = now;
    true
}

fn log_to_stderr() {
    use tracing_subscriber::EnvFilter;
    let filter = EnvFilter::try_from_env("PICKET_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(false).init();
}
