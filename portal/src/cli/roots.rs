//! `picket-portal root`: shows, exports and continues the trust root. Works on files; no server, no network.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, ensure};
use clap::{Args, Subcommand, ValueEnum};
use picket_protocol::{
    documents::trust_root::{PublicKey, Role, RoleKey, TrustRoot},
    ids::Kid,
    keys::SigningKey,
    trust::encode_roots,
};
use serde_json::json;

use super::{folder::write, init::keep_key, output, root_draft::Draft};
use picket_durable as files;

use crate::{
    authority::{
        keys,
        trust::{Trust, read_roots},
    },
    data::DataFolder,
};

#[derive(Debug, Subcommand)]
pub(super) enum Root {
    /// Show the trust root: fingerprint, versions, keys.
    Show {
        #[command(flatten)]
        place: Place,
        /// As JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write the trust root file that sensors are given.
    Export {
        /// Where to write it.
        file: PathBuf,
        #[command(flatten)]
        place: Place,
    },
    /// Name a key that may sign documents. Without --key one is made in the data folder's keys.
    AddKey {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        signers: Signers,
        /// What it may sign.
        #[arg(long, value_enum, required = true)]
        role: Vec<RoleName>,
        /// Its public key in PEM.
        #[arg(long)]
        key: Option<PathBuf>,
    },
    /// Withdraw a key: sensors refuse what it signs from then on. Activations in force stay.
    Withdraw {
        /// The key id.
        kid: Kid,
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        signers: Signers,
    },
    /// Replace the root keys by new ones.
    Rotate {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        signers: Signers,
        /// Where to put the new root keys.
        #[arg(long)]
        root_key_out: PathBuf,
        /// How many to make, spares included.
        #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=5))]
        root_keys: u8,
        /// How many of them must sign.
        #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=3))]
        threshold: u8,
    },
    /// Show a draft, and sign it with more root keys.
    Sign {
        /// What --draft wrote.
        draft: PathBuf,
        /// A root key that signs; none only shows the draft.
        #[arg(long)]
        root_key: Vec<PathBuf>,
    },
    /// Take a draft that enough root keys have signed.
    Adopt {
        /// What --draft wrote.
        draft: PathBuf,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
pub(super) struct Place {
    /// The portal's data folder.
    #[arg(long, required_unless_present = "root_file")]
    data: Option<PathBuf>,
    /// A trust root file instead, as on the machine that has the root keys.
    #[arg(long, conflicts_with = "data")]
    root_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Signers {
    /// A root key that signs; as many as the threshold asks.
    #[arg(long, required = true)]
    root_key: Vec<PathBuf>,
    /// Write the new version to this file, for `root sign` by root keys that are elsewhere, then `root adopt`.
    #[arg(long)]
    draft: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(super) enum RoleName {
    Activation,
    Ti,
    Recovery,
    Receipt,
}

impl From<RoleName> for Role {
    fn from(name: RoleName) -> Self {
        match name {
            RoleName::Activation => Self::Activation,
            RoleName::Ti => Self::Ti,
            RoleName::Recovery => Self::Recovery,
            RoleName::Receipt => Self::Receipt,
        }
    }
}

impl Root {
    pub(super) fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Show { place, json } => show(&place.read()?, json),
            Self::Export { file, place } => {
                let trust = place.read()?;
                std::fs::write(&file, trust.file()).with_context(|| format!("write {}", file.display()))?;
                output::line(format!("{}: trust root {}", file.display(), trust.id()));
            }
            Self::AddKey { place, signers, role, key } => {
                let roles = role.into_iter().map(Role::from).collect();
                let key = match key {
                    Some(path) => keys::read_public(&path)?,
                    None => place.make_key()?,
                };
                let add = move |next: &mut TrustRoot| next.keys.push(RoleKey { key, roles });
                place.append(&signers, Vec::new(), add)?;
                output::line(format!("Key {} added", key.kid()));
            }
            Self::Withdraw { kid, place, signers } => {
                let known = place.read()?.newest().keys.iter().any(|listed| listed.key.kid() == kid);
                ensure!(known, "the newest trust root version names no key {kid}");
                place.append(&signers, Vec::new(), |next| {
                    next.keys.retain(|listed| listed.key.kid() != kid);
                    next.withdrawn.insert(kid);
                })?;
                output::line(format!("Key {kid} withdrawn"));
            }
            Self::Rotate { place, signers, root_key_out, root_keys, threshold } => {
                ensure!(threshold <= root_keys, "a threshold of {threshold} needs as many root keys");
                rotate(&place, &signers, &root_key_out, root_keys, threshold)?;
            }
            Self::Sign { draft, root_key } => sign(&draft, &root_key)?,
            Self::Adopt { draft, place } => place.adopt(&Draft::read(&draft)?)?,
        }
        Ok(())
    }
}

fn rotate(place: &Place, signers: &Signers, out: &Path, root_keys: u8, threshold: u8) -> anyhow::Result<()> {
    let version = place.read()?.newest().version + 1;
    let made: Vec<SigningKey> = (0..root_keys).map(|_| keys::generate()).collect();
    files::create_private_folder(out).with_context(|| format!("make {}", out.display()))?;
    // On the disk before anything names them.
    for (number, key) in made.iter().enumerate() {
        let path = out.join(format!("root-v{version}-{}.key", number + 1));
        let kept = files::create_once(&path, keys::to_pem(key).as_bytes());
        kept.with_context(|| format!("make {}", path.display()))?;
    }
    let public: Vec<PublicKey> = made.iter().map(SigningKey::public).collect();
    let new_signers = made.into_iter().take(usize::from(threshold)).collect();
    place.append(signers, new_signers, move |next| {
        next.root_keys = public;
        next.threshold = threshold;
    })?;
    output::line(format!("New root keys in {}; with this version the old ones sign nothing any more", out.display()));
    Ok(())
}

fn sign(file: &Path, root_keys: &[PathBuf]) -> anyhow::Result<()> {
    let mut draft = Draft::read(file)?;
    output::lines(&draft.changes());
    if !root_keys.is_empty() {
        draft.sign(&read_keys(root_keys)?)?;
        draft.write(file)?;
    }
    output::line(draft.standing());
    Ok(())
}

fn read_keys(paths: &[PathBuf]) -> anyhow::Result<Vec<SigningKey>> {
    paths.iter().map(|path| Ok(keys::read(path)?)).collect()
}

impl Place {
    fn file(&self) -> PathBuf {
        let folder = || self.data.clone().map(|data| DataFolder::new(data).trust_root());
        self.root_file.clone().or_else(folder).unwrap_or_default()
    }

    fn read(&self) -> anyhow::Result<Trust> {
        let file = self.file();
        Trust::verify(read_roots(&file)?).with_context(|| format!("{} does not hold", file.display()))
    }

    fn make_key(&self) -> anyhow::Result<PublicKey> {
        let data = self.data.clone().context("without --data, name the new key with --key")?;
        let key = keys::generate();
        let path = keep_key(&DataFolder::new(data), &key)?;
        output::line(format!("New key in {}", path.display()));
        Ok(key.public())
    }

    /// Makes one more version, signed by `signers` and by the new root keys that the change brings.
    fn append(
        &self,
        signers: &Signers,
        new_signers: Vec<SigningKey>,
        change: impl FnOnce(&mut TrustRoot),
    ) -> anyhow::Result<()> {
        let trust = self.read()?;
        let mut next = trust.newest().clone();
        next.version += 1;
        change(&mut next);
        next.check().context("the new version breaks a rule")?;
        let mut all = read_keys(&signers.root_key)?;
        all.extend(new_signers);
        let draft = Draft::new(trust, &next, &all)?;
        let Some(file) = &signers.draft else { return self.adopt(&draft) };
        draft.write(file)?;
        output::line(draft.standing());
        Ok(())
    }

    /// Takes in one version, after a verification as a sensor would do it.
    fn adopt(&self, draft: &Draft) -> anyhow::Result<()> {
        let roots = draft.roots_after(&self.read()?)?;
        write(&self.file(), &encode_roots(&roots))?;
        output::line(format!(
            "Trust root version {} in {}; a running server takes it by itself",
            draft.version(),
            self.file().display()
        ));
        Ok(())
    }
}

fn show(trust: &Trust, as_json: bool) {
    let newest = trust.newest();
    if as_json {
        let keys = newest.keys.iter().map(|listed| json!({ "kid": listed.key.kid(), "roles": listed.roles }));
        return output::json(&json!({
            "fingerprint": trust.id(),
            "confirmation": trust.id().confirmation(),
            "version": newest.version,
            "threshold": newest.threshold,
            "root_keys": newest.root_keys.iter().map(PublicKey::kid).collect::<Vec<_>>(),
            "keys": keys.collect::<Vec<_>>(),
            "withdrawn": newest.withdrawn,
        }));
    }
    output::line(format!("Fingerprint: {}", trust.id()));
    output::line(format!("  last characters, to type at a sensor console: {}", trust.id().confirmation()));
    output::line(format!(
        "Version {}: {} of {} root keys must sign",
        newest.version,
        newest.threshold,
        newest.root_keys.len()
    ));
    for key in &newest.root_keys {
        output::line(format!("  root key {}", key.kid()));
    }
    for listed in &newest.keys {
        let roles: Vec<&str> = listed.roles.iter().map(|role| role.as_str()).collect();
        output::line(format!("  key {}: {}", listed.key.kid(), roles.join(", ")));
    }
    for kid in &newest.withdrawn {
        output::line(format!("  withdrawn {kid}"));
    }
}
