//! Shows the setup code on the machine's own screen and serial line: as a file that agetty shows above its prompt, linked
//! from `/run/issue.d`. The file is gone when the code is.

use std::{fs, io, path::PathBuf};

use picket_protocol::typed_code::TypedCode;

/// See the module.
#[derive(Debug)]
pub struct IssueFile {
    path: PathBuf,
    /// What was shown last; nothing is known of what an earlier run left.
    shown: Option<Option<TypedCode>>,
}

impl IssueFile {
    /// The file at this path.
    #[must_use]
    pub const fn at(path: PathBuf) -> Self {
        Self { path, shown: None }
    }

    /// Shows this code, or none any more. A failure is told and stops nothing: root has `picketctl setup-code`.
    pub fn show(&mut self, code: Option<&TypedCode>) {
        if self.shown.as_ref().is_some_and(|shown| shown.as_ref() == code) {
            return;
        }
        let written = match code {
            // agetty puts this machine's address in place of \4.
            Some(code) => picket_durable::replace(
                &self.path,
                format!("Sensor console: https://\\4/   Setup code: {code}\n\n").as_bytes(),
            ),
            None => fs::remove_file(&self.path).or_else(|error| match error.kind() {
                io::ErrorKind::NotFound => Ok(()),
                _ => Err(error),
            }),
        };
        if let Err(error) = written {
            tracing::warn!(path = %self.path.display(), %error, "the setup code on the screen could not be changed");
        }
        self.shown = Some(code.cloned());
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn shows_the_code_to_root_alone_and_takes_it_away() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("issue");
        let mut issue = IssueFile::at(path.clone());
        issue.show(Some(&"ACDE-FGHJ-KMNP".parse().unwrap()));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("ACDE-FGHJ-KMNP") && text.ends_with("\n\n"), "{text}");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o077, 0);
        issue.show(None);
        assert!(!path.exists());
    }

    #[test]
    fn takes_away_what_an_earlier_run_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("issue");
        fs::write(&path, "an old code").unwrap();
        IssueFile::at(path.clone()).show(None);
        assert!(!path.exists());
    }
}
