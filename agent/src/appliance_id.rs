//! Finds what names this hardware, once, and keeps the answer; and notices the disk of another machine.
//!
//! First of: the vendor's file, the DMI product UUID unless known-bad, machine-id. Where none of them can be read
//! (an unprivileged run on a machine without machine-id) a random one is drawn, also kept.

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
};

use picket_durable as files;
use picket_protocol::ids::ApplianceId;
use sha2::{Digest as _, Sha256};

use crate::{credentials, entropy};

/// Keeps the digest apart from any other use of the same identifiers.
const LABEL: &[u8] = b"picket appliance id v1\0";

/// Most bytes of any of the sources.
const MAX_SOURCE: usize = 4096;

/// What boards ship with when nobody set it. Compared without hyphens, in lower case.
const KNOWN_BAD: [&str; 8] = [
    "03000200040005000006000700080009",
    "12345678123456781234567812345678",
    "00020003000400050006000700080009",
    "fefefefefefefefefefefefefefefefe",
    "notsettable",
    "notspecified",
    "tobefilledbyo.e.m.",
    "defaultstring",
];

/// Where the appliance's names are found.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The vendor's file.
    pub vendor: PathBuf,
    /// The DMI product UUID; readable by root only, so that systemd hands it over.
    pub product_uuid: PathBuf,
    /// systemd's machine-id.
    pub machine_id: PathBuf,
}

impl Sources {
    /// The machine's own, with the configured vendor's file.
    #[must_use]
    pub fn of_this_machine(vendor: PathBuf) -> Self {
        Self {
            vendor,
            product_uuid: credentials::path("product-uuid").unwrap_or_else(|| "/sys/class/dmi/id/product_uuid".into()),
            machine_id: PathBuf::from("/etc/machine-id"),
        }
    }
}

/// Which source named the appliance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Kept from an earlier start.
    Kept,
    /// The vendor's file.
    Vendor,
    /// The DMI product UUID.
    ProductUuid,
    /// machine-id.
    MachineId,
    /// Drawn, since nothing could be read.
    Random,
}

/// What names this hardware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// The appliance id.
    pub id: ApplianceId,
    /// From where.
    pub source: Source,
    /// Whether the id on the disk was another machine's, so that all else there is too. Only asked of a disk on which no
    /// activation was ever in force: a sensor whose disk moved into spare hardware stays that sensor.
    pub moved: bool,
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kept => "kept from an earlier start",
            Self::Vendor => "the vendor's file",
            Self::ProductUuid => "the DMI product UUID",
            Self::MachineId => "machine-id",
            Self::Random => "drawn at random",
        })
    }
}

/// The appliance id, computed at the first start and kept in the state folder from then on.
///
/// A folder that cannot be written does not stop it: the sources give the same answer next time.
///
/// An image may have been booted once before it was copied: where nothing was ever activated (`blank`), the id is kept only
/// while the source that gave it does not name other hardware.
///
/// # Errors
/// Only where nothing could be read and no random one be drawn.
pub fn appliance_id(state_directory: &Path, sources: &Sources, blank: bool) -> io::Result<Named> {
    let (kept, kept_source) = (state_directory.join("appliance-id"), state_directory.join("appliance-id.source"));
    let known: Option<ApplianceId> = read(&kept).and_then(|text| text.parse().ok());
    if let (Some(id), false) = (&known, blank) {
        return Ok(Named { id: id.clone(), source: Source::Kept, moved: false });
    }
    let (id, source) = compute(sources)?;
    if let Some(known) = known {
        // A source that cannot be read this time says nothing of the hardware; one that was drawn never does.
        let same_source =
            source != Source::Random && read(&kept_source) == Some(source.to_string().to_ascii_lowercase());
        if !same_source || known == id {
            return Ok(Named { id: known, source: Source::Kept, moved: false });
        }
        keep(&kept, &kept_source, &id, source);
        return Ok(Named { id, source, moved: true });
    }
    keep(&kept, &kept_source, &id, source);
    Ok(Named { id, source, moved: false })
}

fn keep(kept: &Path, kept_source: &Path, id: &ApplianceId, source: Source) {
    for (path, text) in [(kept_source, source.to_string()), (kept, id.to_string())] {
        if let Err(error) = files::replace(path, format!("{text}\n").as_bytes()) {
            tracing::warn!(path = %path.display(), %error, "the appliance id could not be kept");
        }
    }
}

fn compute(sources: &Sources) -> io::Result<(ApplianceId, Source)> {
    let named = [
        (&sources.vendor, Source::Vendor),
        (&sources.product_uuid, Source::ProductUuid),
        (&sources.machine_id, Source::MachineId),
    ];
    for (path, source) in named {
        let Some(text) = read(path) else { continue };
        if source == Source::ProductUuid && known_bad(&text) {
            continue;
        }
        return Ok((hashed(source, text.as_bytes()), source));
    }
    let drawn: [u8; 32] = entropy::draw().map_err(io::Error::other)?;
    Ok((hashed(Source::Random, &drawn), Source::Random))
}

fn read(path: &Path) -> Option<String> {
    if !fs::metadata(path).ok()?.is_file() {
        return None;
    }
    let text = String::from_utf8(files::read_bounded(path, MAX_SOURCE).ok()?).ok()?;
    let text = text.trim();
    // systemd writes this word into machine-id until the first boot is over.
    (!text.is_empty() && text != "uninitialized").then(|| text.to_ascii_lowercase())
}

fn known_bad(uuid: &str) -> bool {
    let plain: String = uuid.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    let first = plain.chars().next();
    plain.chars().all(|c| Some(c) == first) || KNOWN_BAD.contains(&plain.as_str())
}

fn hashed(source: Source, name: &[u8]) -> ApplianceId {
    let kind: &[u8] = match source {
        Source::Kept | Source::Vendor => b"vendor",
        Source::ProductUuid => b"product-uuid",
        Source::MachineId => b"machine-id",
        Source::Random => b"random",
    };
    let digest = Sha256::new().chain_update(LABEL).chain_update(kind).chain_update(b"\0").chain_update(name).finalize();
    ApplianceId::from_digest(&digest.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "4c4c4544-0042-3510-8051-b4c04f4d3532\n";
    const MACHINE: &str = "8e4f7b0c4d0f4a3f9a55a5b5b0c4a1de\n";

    fn machine(vendor: Option<&str>, uuid: Option<&str>, machine_id: Option<&str>) -> (tempfile::TempDir, Sources) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: Option<&str>| {
            let path = folder.path().join(name);
            if let Some(text) = text {
                fs::write(&path, text).unwrap();
            }
            path
        };
        let sources = Sources {
            vendor: write("vendor", vendor),
            product_uuid: write("product_uuid", uuid),
            machine_id: write("machine-id", machine_id),
        };
        (folder, sources)
    }

    #[test]
    fn takes_the_first_of_vendor_dmi_and_machine_id() {
        let expect = |vendor, uuid, machine_id, expected| {
            let (_folder, sources) = machine(vendor, uuid, machine_id);
            assert_eq!(compute(&sources).unwrap().1, expected);
        };
        expect(Some("rack 7 unit 3"), Some(UUID), Some(MACHINE), Source::Vendor);
        expect(None, Some(UUID), Some(MACHINE), Source::ProductUuid);
        expect(Some("  \n"), None, Some(MACHINE), Source::MachineId);
        expect(None, None, Some("uninitialized\n"), Source::Random);
    }

    #[test]
    fn passes_over_uuids_that_whole_batches_share() {
        for bad in [
            "00000000-0000-0000-0000-000000000000",
            "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF",
            "03000200-0400-0500-0006-000700080009",
            "Not Settable",
            "To be filled by O.E.M.",
        ] {
            let (_folder, sources) = machine(None, Some(bad), Some(MACHINE));
            assert_eq!(compute(&sources).unwrap().1, Source::MachineId, "{bad} was believed");
        }
    }

    #[test]
    fn keeps_its_first_answer_when_the_hardware_answers_otherwise_later() {
        let (folder, sources) = machine(None, Some(UUID), Some(MACHINE));
        let state = folder.path().join("state");
        fs::create_dir(&state).unwrap();
        let first = appliance_id(&state, &sources, true).unwrap();
        fs::remove_file(&sources.product_uuid).unwrap();
        // Whether or not it was ever activated: a UUID that cannot be read names no other hardware.
        for blank in [true, false] {
            let later = appliance_id(&state, &sources, blank).unwrap();
            assert_eq!((later.id, later.moved), (first.id.clone(), false));
        }
    }

    #[test]
    fn notices_a_blank_disk_on_other_hardware_and_leaves_an_activated_one_alone() {
        let (folder, sources) = machine(None, Some(UUID), Some(MACHINE));
        let first = appliance_id(folder.path(), &sources, true).unwrap();
        fs::write(&sources.product_uuid, "4c4c4544-0042-3510-8051-b4c04f4d9999\n").unwrap();
        let activated = appliance_id(folder.path(), &sources, false).unwrap();
        assert_eq!((activated.id, activated.moved), (first.id.clone(), false));
        let blank = appliance_id(folder.path(), &sources, true).unwrap();
        assert!(blank.moved && blank.id != first.id);
        assert!(!appliance_id(folder.path(), &sources, true).unwrap().moved);
    }

    #[test]
    fn draws_at_random_only_once() {
        let (folder, sources) = machine(None, None, None);
        let first = appliance_id(folder.path(), &sources, true).unwrap();
        assert_eq!(first.source, Source::Random);
        let later = appliance_id(folder.path(), &sources, true).unwrap();
        assert_eq!((later.id, later.source, later.moved), (first.id, Source::Kept, false));
    }
}
