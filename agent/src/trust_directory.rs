//! Reads the trust roots that the appliance's image brings: `*.root` in one folder. Believes none of them.

use std::{
    ffi::OsStr,
    fs, io,
    path::{Path, PathBuf},
};

use picket_durable as files;

/// Most bytes of a trust root file.
const MAX_FILE: usize = 64 * 1024;
/// Most files that are read.
const MAX_FILES: usize = 32;

/// The trust root files with their paths, in the order of their names. What cannot be read is logged and passed over:
/// a bad file must not keep the agent from starting.
#[must_use]
pub fn trust_files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut paths = match list(folder) {
        Ok(paths) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "the trust directory cannot be read");
            return Vec::new();
        }
    };
    paths.sort();
    if paths.len() > MAX_FILES {
        tracing::warn!(folder = %folder.display(), files = paths.len(), limit = MAX_FILES, "too many trust root files");
        paths.truncate(MAX_FILES);
    }
    let read = |path: PathBuf| {
        files::read_bounded(&path, MAX_FILE)
            .inspect_err(|error| tracing::warn!(path = %path.display(), %error, "a trust root file cannot be read"))
            .ok()
            .map(|content| (path, content))
    };
    paths.into_iter().filter_map(read).collect()
}

fn list(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let paths = paths.filter(|path| path.as_ref().map_or(true, |path| path.extension() == Some(OsStr::new("root"))));
    paths.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_root_files_in_the_order_of_their_names() {
        let folder = tempfile::tempdir().unwrap();
        for (name, content) in [("b.root", "second"), ("a.root", "first"), ("notes.txt", "no"), ("c.root.bak", "no")] {
            fs::write(folder.path().join(name), content).unwrap();
        }
        fs::write(folder.path().join("d.root"), vec![0; MAX_FILE + 1]).unwrap();
        let read = |name: &str, content: &[u8]| (folder.path().join(name), content.to_vec());
        assert_eq!(trust_files(folder.path()), [read("a.root", b"first"), read("b.root", b"second")]);
    }

    #[test]
    fn a_missing_folder_brings_none() {
        assert!(trust_files(Path::new("/nowhere/trust.d")).is_empty());
    }
}
