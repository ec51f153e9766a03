//! Which files of a data folder belong into a backup: all but those of the databases, and what is made anew.

use std::{fs, path::Path};

use picket_durable as durable;

use super::Failed;
use crate::data::DataFolder;

/// Folders in the data folder.
const FOLDERS: [&str; 2] = ["keys", "root-keys"];
/// What the running server makes; databases have their own records.
const NOT_THESE: [&str; 4] = ["lock", "people-address", "device-ca.crl", "lost+found"];
/// Most bytes of one: keys, certificates, the trust root.
const MAX_FILE: usize = 4 << 20;

/// Names, relative to the folder, and contents.
pub(super) fn read(folder: &DataFolder) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let mut files = read_in(folder.path(), "")?;
    for inner in FOLDERS {
        let path = folder.path().join(inner);
        if path.is_dir() {
            files.extend(read_in(&path, &format!("{inner}/"))?);
        }
    }
    files.sort();
    Ok(files)
}

fn read_in(folder: &Path, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, Failed> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).map_err(Failed::file(folder))? {
        let entry = entry.map_err(Failed::file(folder))?;
        let is_file = entry.file_type().map_err(Failed::file(&entry.path()))?.is_file();
        let name = entry.file_name().to_str().map(|name| format!("{prefix}{name}"));
        if let Some(name) = name.filter(|name| is_file && belongs(name)) {
            let path = entry.path();
            let content = durable::read_bounded(&path, MAX_FILE).map_err(Failed::file(&path))?;
            files.push((name, content));
        }
    }
    Ok(files)
}

/// Whether a file of this name belongs into a backup, and may come out of one.
pub(super) fn belongs(name: &str) -> bool {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    let known = folder.is_empty() || FOLDERS.contains(&folder);
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let database = [".db", ".db-wal", ".db-shm", ".db-journal", ".draft"].iter().any(|end| file.ends_with(end));
    known
        && !database
        && !NOT_THESE.contains(&file)
        && !file.is_empty()
        && !file.starts_with('.')
        && file.bytes().all(plain)
}

/// Writes one, durably, for its owner alone.
pub(super) fn write(folder: &DataFolder, name: &str, content: &[u8]) -> Result<(), Failed> {
    let path = folder.path().join(name);
    if let Some(inner) = path.parent() {
        durable::create_private_folder(inner).map_err(Failed::file(inner))?;
    }
    durable::create_once(&path, content).map_err(Failed::file(&path))
}

#[cfg(test)]
mod tests {
    use super::belongs;

    #[test]
    fn takes_what_init_makes_and_nothing_that_leads_elsewhere() {
        for good in ["portal.json", "device-ca.key", "keys/a1.key", "root-keys/root-1.key", "api-token", "tls-ca.pem"] {
            assert!(belongs(good), "{good}");
        }
        for bad in [
            "portal.db",
            "alerts.db-wal",
            "lock",
            "people-address",
            "keys/../../etc/passwd",
            "/etc/passwd",
            "elsewhere/a.key",
            "keys/",
            "..",
            "",
            ".hidden",
            "portal.json.draft",
        ] {
            assert!(!belongs(bad), "{bad}");
        }
    }
}
