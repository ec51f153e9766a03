//! `picket-portal init`: makes a data folder, once.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use picket_guard::person_name::PersonName;
use picket_protocol::{
    documents::trust_root::{Role as KeyRole, RoleKey, TrustRoot},
    issue::sign_root,
    keys::SigningKey,
    trust::encode_roots,
    typed_code::TypedCode,
};
use tokio::{sync::watch, task::JoinHandle};

use super::{
    folder::{lock, make_server_certificate, write},
    output,
};
use picket_durable as files;

use crate::{
    authority::{certificates::make_authority, keys, trust::Trust},
    clock,
    data::{DataFolder, Settings},
    domain::{
        access::{PersonRole, Scope},
        heartbeat::Policy,
        refused::Refused,
        role::Role,
    },
    entropy,
    store::{Actor, Store, tokens::NewToken},
};

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The data folder; made if it does not exist.
    #[arg(long)]
    data: PathBuf,
    /// The sensor port as sensors reach it: `https://HOST[:PORT]`.
    #[arg(long)]
    url: String,
    /// A PostgreSQL server that keeps everything but the files of the data folder: `postgres://USER@localhost/DATABASE`,
    /// with `?host=FOLDER` by its Unix socket there. Without it: SQLite, in the data folder.
    #[arg(long)]
    database: Option<String>,
    /// portal or management-console.
    #[arg(long, default_value_t = Role::Portal)]
    role: Role,
    /// Where to put the root keys: a folder on a medium that leaves this machine. Default: root-keys in the data folder.
    #[arg(long)]
    root_key_out: Option<PathBuf>,
    /// The name of the first person, an owner, who chooses a password with the setup code that is printed.
    #[arg(long, default_value = "owner", value_parser = owner_name)]
    owner: PersonName,
    /// How many root keys to make, spares included.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=5))]
    root_keys: u8,
    /// How many of them must sign a new trust root version.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
    threshold: u8,
    /// A server certificate of your own, in PEM, chain included; with --tls-key and --tls-ca.
    #[arg(long, requires_all = ["tls_key", "tls_ca"])]
    tls_cert: Option<PathBuf>,
    /// Its key.
    #[arg(long, requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// The CA certificates that sensors shall believe it by.
    #[arg(long, requires = "tls_cert")]
    tls_ca: Option<PathBuf>,
}

impl Init {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        ensure!(self.threshold <= self.root_keys, "a threshold of {} needs as many root keys", self.threshold);
        let folder = DataFolder::new(self.data.clone());
        let settings = Settings { role: self.role, url: self.url.clone(), database: self.database.clone() };
        folder.databases(&settings).map_err(anyhow::Error::msg)?;
        settings.address().map_err(anyhow::Error::msg)?;
        if folder.settings().exists() {
            bail!("{} is a data folder already", folder.path().display());
        }
        make_folder(folder.path())?;
        self.make_certificates(&folder, &settings)?;
        let trust = match self.role {
            Role::Portal => Some(self.make_trust_root(&folder)?),
            Role::ManagementConsole => None,
        };
        let token = make_token(&folder, &settings).await?;
        let code = make_owner(&folder, &settings, &self.owner).await?;
        // Last: a folder with settings is a whole one.
        write(&folder.settings(), &serde_json::to_vec_pretty(&settings)?)?;
        self.tell(&folder, trust.as_ref(), &token, &code);
        Ok(())
    }

    fn make_certificates(&self, folder: &DataFolder, settings: &Settings) -> anyhow::Result<()> {
        let now = clock::now();
        let device = make_authority("Picket device CA", now)?;
        write(&folder.device_ca_key(), device.key.as_bytes())?;
        write(&folder.device_ca(), device.certificate.as_bytes())?;
        if let (Some(certificate), Some(key), Some(authority)) = (&self.tls_cert, &self.tls_key, &self.tls_ca) {
            for (from, to) in
                [(certificate, folder.server_certificate()), (key, folder.server_key()), (authority, folder.tls_ca())]
            {
                let content = std::fs::read(from).with_context(|| format!("read {}", from.display()))?;
                write(&to, &content)?;
            }
            super::folder::server_certificate(folder)?;
            return Ok(());
        }
        let authority = make_authority("Picket server CA", now)?;
        write(&folder.tls_ca_key(), authority.key.as_bytes())?;
        write(&folder.tls_ca(), authority.certificate.as_bytes())?;
        make_server_certificate(folder, settings, now)
    }

    fn make_trust_root(&self, folder: &DataFolder) -> anyhow::Result<Trust> {
        let out = self.root_keys_folder(folder);
        make_folder(&out)?;
        make_folder(&folder.keys())?;
        let roots: Vec<SigningKey> = (0..self.root_keys).map(|_| keys::generate()).collect();
        let (activation, recovery) = (keys::generate(), keys::generate());
        let role = |key: &SigningKey, role| RoleKey { key: key.public(), roles: [role].into() };
        let version_1 = TrustRoot {
            version: 1,
            threshold: self.threshold,
            root_keys: roots.iter().map(SigningKey::public).collect(),
            keys: vec![role(&activation, KeyRole::Activation), role(&recovery, KeyRole::Recovery)],
            withdrawn: std::collections::BTreeSet::new(),
        };
        let signers: Vec<&SigningKey> = roots.iter().take(usize::from(self.threshold)).collect();
        let signed = sign_root(&version_1, &signers);
        for (number, key) in roots.iter().enumerate() {
            let spare = if number < signers.len() { "" } else { "-spare" };
            let path = out.join(format!("root-{}{spare}.key", number + 1));
            let made = files::create_once(&path, keys::to_pem(key).as_bytes());
            made.with_context(|| format!("make {}", path.display()))?;
        }
        keep_key(folder, &activation)?;
        keep_key(folder, &recovery)?;
        write(&folder.trust_root(), &encode_roots(std::slice::from_ref(&signed)))?;
        Trust::verify(vec![signed]).context("the trust root just made does not hold")
    }

    fn root_keys_folder(&self, folder: &DataFolder) -> PathBuf {
        self.root_key_out.clone().unwrap_or_else(|| folder.root_keys())
    }

    fn tell(&self, folder: &DataFolder, trust: Option<&Trust>, token: &str, code: &TypedCode) {
        output::line(format!("A {} in {}", self.role, folder.path().display()));
        output::line(format!("Sensors reach it at {}", self.url));
        if let Some(trust) = trust {
            output::line(format!("Trust root fingerprint: {}", trust.id()));
            output::line(format!("  its last characters, to type at a sensor console: {}", trust.id().confirmation()));
            output::line(format!("Root keys: {}", self.root_keys_folder(folder).display()));
            output::line("  Move them to media that leave this machine, each to its own. The server never needs them.");
        }
        output::line(format!("API token, shown this once and kept in {}: {token}", folder.api_token().display()));
        output::line(format!("First sign-in, within 7 days: name {}, setup code {code}", self.owner));
        output::line(format!("Start it: picket-portal serve --data {}", folder.path().display()));
    }
}

#[derive(Debug, Args)]
pub(super) struct ApiToken {
    /// The data folder.
    #[arg(long)]
    data: PathBuf,
}

impl ApiToken {
    /// For whoever lost the file: the data folder's owner is the portal's owner.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let folder = DataFolder::new(self.data);
        let _lock = lock(&folder)?;
        let token = make_token(&folder, &folder.read_settings()?).await?;
        output::line(format!("API token, shown this once and kept in {}: {token}", folder.api_token().display()));
        Ok(())
    }
}

/// Keeps a key that signs documents where the server finds it.
pub(super) fn keep_key(folder: &DataFolder, key: &SigningKey) -> anyhow::Result<PathBuf> {
    let path = folder.keys().join(format!("{}.key", key.kid()));
    write(&path, keys::to_pem(key).as_bytes())?;
    Ok(path)
}

fn make_folder(path: &Path) -> anyhow::Result<()> {
    files::create_private_folder(path).with_context(|| format!("make {}", path.display()))
}

fn owner_name(text: &str) -> Result<PersonName, String> {
    PersonName::try_from(text.to_owned()).map_err(|error| error.to_string())
}

async fn make_token(folder: &DataFolder, settings: &Settings) -> anyhow::Result<String> {
    let (store, writer) = open_store(folder, settings).await?;
    let token = entropy::token();
    let description = "admin".parse().context("a constant is a label")?;
    let new = NewToken { description, role: PersonRole::Owner, scope: Scope::ALL };
    store.add_api_token(&token, new, None).await.map_err(said)?;
    drop(store);
    writer.await?;
    write(&folder.api_token(), token.expose().as_bytes())?;
    Ok(token.expose().to_owned())
}

async fn make_owner(folder: &DataFolder, settings: &Settings, owner: &PersonName) -> anyhow::Result<TypedCode> {
    let (store, writer) = open_store(folder, settings).await?;
    let (code, by) = (entropy::setup_code(), Actor("init".to_owned()));
    store.add_person(owner.clone(), PersonRole::Owner, Scope::ALL, code.clone(), by).await.map_err(said)?;
    drop(store);
    writer.await?;
    Ok(code)
}

async fn open_store(folder: &DataFolder, settings: &Settings) -> anyhow::Result<(Store, JoinHandle<()>)> {
    let policy = Policy { role: settings.role, interval_seconds: None, newest_root: 0 };
    let address = folder.databases(settings).map_err(anyhow::Error::msg)?;
    Ok(Store::open(&address, watch::channel(policy).1).await?)
}

#[expect(clippy::needless_pass_by_value, reason = "the shape of map_err")]
fn said(refused: Refused) -> anyhow::Error {
    anyhow::anyhow!(refused.problem().detail)
}
