//! The setup code that a vendor chose, as it stands on the appliance's label. Reads one file.

use std::{fs, io, os::unix::fs::PermissionsExt as _, path::Path};

use picket_protocol::typed_code::TypedCode;

/// Most bytes of the file.
const MAX_FILE: usize = 1024;

/// The code in this file, if there is one. A file that cannot be used is told and means none: a code is drawn then.
#[must_use]
pub fn of_vendor(path: &Path) -> Option<TypedCode> {
    match read(path) {
        Ok(code) => Some(code),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            tracing::warn!(path = %path.display(), %error, "the vendor's setup code is not used");
            None
        }
    }
}

fn read(path: &Path) -> io::Result<TypedCode> {
    let content = picket_durable::read_bounded(path, MAX_FILE)?;
    let refused = |why: &dyn std::fmt::Display| io::Error::new(io::ErrorKind::InvalidData, why.to_string());
    if fs::metadata(path)?.permissions().mode() & 0o007 != 0 {
        return Err(refused(&"it is readable by others; set its mode to 0640 or 0600"));
    }
    let text = String::from_utf8(content).map_err(|error| refused(&error))?;
    text.parse().map_err(|error| refused(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(content: &str, mode: u32) -> Option<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("setup-code");
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        of_vendor(&path).map(|code| code.to_string())
    }

    #[test]
    fn takes_a_private_file_with_one_code() {
        assert_eq!(of("label-0042\n", 0o640).as_deref(), Some("LABE-L004-2"));
        assert_eq!(of("label-0042\n", 0o644), None);
        assert_eq!(of("short\n", 0o600), None);
        assert_eq!(of_vendor(Path::new("/nowhere/setup-code")), None);
    }
}
