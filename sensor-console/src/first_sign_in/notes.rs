//! What of the first sign-in only the console knows: whether the certificate was settled, which terms were accepted.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use picket_protocol::time::UnixSeconds;
use serde::{Deserialize, Serialize};

use crate::accounts::PersonName;

const FILE: &str = "first-sign-in.json";
const MAX_FILE: usize = 8 * 1024;

/// The notes. What they say is on the disk.
#[derive(Debug)]
pub struct Notes {
    path: PathBuf,
    noted: Mutex<Noted>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Noted {
    certificate_settled: bool,
    terms: Option<Terms>,
}

/// Who accepted which terms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// SHA-256 of the text.
    pub digest: String,
    /// Who.
    pub by: PersonName,
    /// When, by the wall clock.
    pub at: UnixSeconds,
}

impl Notes {
    /// Reads them. Damaged ones count as none: the worst that happens is that a step is asked again.
    ///
    /// # Errors
    /// The disk.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let noted = match picket_durable::read_bounded(&path, MAX_FILE) {
            Ok(content) => serde_json::from_slice(&content).unwrap_or_default(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Noted::default(),
            Err(error) => return Err(error),
        };
        Ok(Self { path, noted: Mutex::new(noted) })
    }

    /// Whether a certificate was imported, or the self-signed one kept by a person's decision.
    #[must_use]
    pub fn certificate_settled(&self) -> bool {
        self.noted().certificate_settled
    }

    /// It was.
    ///
    /// # Errors
    /// The disk.
    pub fn settle_certificate(&self) -> io::Result<()> {
        self.change(|noted| noted.certificate_settled = true)
    }

    /// Whether these terms were accepted.
    #[must_use]
    pub fn has_accepted(&self, digest: &str) -> bool {
        self.noted().terms.as_ref().is_some_and(|terms| terms.digest == digest)
    }

    /// They were.
    ///
    /// # Errors
    /// The disk.
    pub fn accept(&self, terms: Terms) -> io::Result<()> {
        self.change(|noted| noted.terms = Some(terms))
    }

    fn change(&self, change: impl FnOnce(&mut Noted)) -> io::Result<()> {
        let mut noted = self.noted();
        let mut next = noted.clone();
        change(&mut next);
        if next != *noted {
            picket_durable::replace(&self.path, &serde_json::to_vec_pretty(&next)?)?;
            *noted = next;
        }
        Ok(())
    }

    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.noted.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
