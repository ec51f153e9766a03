//! A running portal, and many registrations at it, each with its token.

use std::{fs, path::Path, time::Instant};

use anyhow::{Context, Result, anyhow};
use picket_lab::{Binaries, Portal, PrivateFolder, Role, ending};
use picket_protocol::{
    documents::activation::{Activation, ModeSettings},
    floors::Floors,
    ids::ApplianceId,
    reading::{ReadingContext, read_activation},
    time::UnixSeconds,
    trust::TrustStore,
};

/// All sensors of the generator share its address.
const UNBOUNDED: [&str; 2] = ["--handshakes-per-address", "0"];

/// Fields are dropped in their order: the portal ends before the folder goes.
pub(crate) struct Crowd {
    pub(crate) portal: Portal,
    pub(crate) activations: Vec<Activation>,
    folder: PrivateFolder,
}

impl Crowd {
    pub(crate) fn register(size: usize) -> Result<Self> {
        ending::end_cleanly_on_signals()?;
        let folder = PrivateFolder::on_disk()?;
        let mut portal =
            Portal::init(&Binaries::beside_this_program()?, Role::Portal, &folder.join("portal"))?.with(&UNBOUNDED);
        portal.start()?;
        let mut crowd = Self { portal, activations: Vec::new(), folder };
        let start = Instant::now();
        let trust = crowd.trust()?;
        for number in 0..size {
            let id = crowd.portal.add_sensor(&format!("sensor-{number}"), &["--mode", "cloud-connected"])?;
            let file = fs::read(crowd.portal.download(&id, &crowd.folder.join("one.activation"))?)?;
            crowd.activations.push(read(&file, &trust)?);
        }
        println!("registered {size} sensors in {:.0} s", start.elapsed().as_secs_f64());
        Ok(crowd)
    }

    /// Starts the portal anew, with more arguments or none.
    pub(crate) fn restart(&mut self, more: &[&str]) -> Result<()> {
        self.portal.stop()?;
        self.portal.set_arguments(&[&UNBOUNDED, more].concat());
        self.portal.start()
    }

    /// The folder of this run, on the disk that the portal is on.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    fn trust(&self) -> Result<TrustStore> {
        let path = self.folder.join("portal.root");
        self.portal.export_root(&path)?;
        let mut trust = TrustStore::default();
        trust.pin(&fs::read(path)?).map_err(|refusal| anyhow!("{}", refusal.code()))?;
        Ok(trust)
    }
}

fn read(file: &[u8], trust: &TrustStore) -> Result<Activation> {
    let appliance = ApplianceId::from_digest(&[9; 32]);
    let floors = Floors::default();
    let context = ReadingContext {
        trust,
        wall_clock: UnixSeconds(i64::MAX),
        build_date: UnixSeconds(0),
        appliance: &appliance,
        keys: &[],
        floors: &floors,
        override_window: true,
    };
    let reading = read_activation(file, &context).map_err(|refusal| anyhow!("{}", refusal.code()))?;
    Ok((**reading.activation()).clone())
}

/// The endpoint and token of a cloud-connected activation.
pub(crate) fn endpoint_and_token(activation: &Activation) -> Result<(&str, &[u8], &str)> {
    let ModeSettings::CloudConnected(cloud) = &activation.mode else {
        return Err(anyhow!("not cloud-connected"));
    };
    let authority = cloud.portal.ca_certificates.first().context("no CA certificate")?;
    let address = cloud.portal.url.strip_prefix("https://").context("no HTTPS address")?;
    Ok((address, &authority.0, cloud.enrolment_token.expose()))
}
