//! Reads what the command line names, bounded, and writes what it asks for. `-` is a standard stream.

use std::{
    fs::File,
    io::{self, Read, Write as _},
    path::Path,
};

use picket_protocol::{refusal::Refusal, wire};

use super::failure::Failure;

/// An activation file, as large as one may be.
///
/// A larger one is refused here as the agent would, without being read.
pub(super) fn activation_file(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded(path, wire::MAX_ARMOURED)
}

/// A trust root file.
pub(super) fn trust_root_file(path: &Path) -> Result<Vec<u8>, Failure> {
    bounded(path, wire::MAX_ACTIVATION_FILE)
}

/// CA certificates, PEM.
pub(super) fn certificates(path: &Path) -> Result<Vec<u8>, Failure> {
    const MAX_CERTIFICATES_FILE: usize = 64 * 1024;
    bounded(path, MAX_CERTIFICATES_FILE)
}

/// The first line of a file that holds a password or a token.
pub(super) fn password(path: &Path) -> Result<String, Failure> {
    const MAX_PASSWORD_FILE: usize = 4096;
    let text = String::from_utf8(bounded(path, MAX_PASSWORD_FILE)?)
        .map_err(|_| Failure::Local(format!("{} is not text", path.display())))?;
    Ok(text.lines().next().unwrap_or_default().to_owned())
}

fn bounded(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let unreadable = |source| Failure::File { doing: "cannot read", path: path.to_owned(), source };
    let (mut source, size): (Box<dyn Read>, u64) = if is_standard_stream(path) {
        (Box::new(io::stdin().lock()), 0)
    } else {
        let file = File::open(path).map_err(unreadable)?;
        let size = file.metadata().map_err(unreadable)?.len();
        (Box::new(file), size)
    };
    let limit = limit as u64;
    if size > limit {
        return Err(Refusal::TooLarge { found: size, limit }.into());
    }
    let mut content = Vec::new();
    source.by_ref().take(limit + 1).read_to_end(&mut content).map_err(unreadable)?;
    let read = content.len() as u64;
    if read > limit { Err(Refusal::TooLarge { found: read, limit }.into()) } else { Ok(content) }
}

/// Writes a file, new or over an old one.
pub(super) fn write(path: &Path, content: &[u8]) -> Result<(), Failure> {
    if is_standard_stream(path) {
        let mut out = io::stdout().lock();
        return out.write_all(content).and_then(|()| out.flush()).map_err(Failure::Output);
    }
    std::fs::write(path, content).map_err(|source| Failure::File {
        doing: "cannot write",
        path: path.to_owned(),
        source,
    })
}

fn is_standard_stream(path: &Path) -> bool {
    path == Path::new("-")
}
