//! An IoT hub that answers when a batch is on the disk: mutual TLS, HTTP/1.1, CloudEvents packed by zstd. It reads the
//! number of each alert, as a hub must that stores each once; more it does not.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, bail, ensure};
use memchr::memmem;
use picket_protocol::wire::{EVENT_ALERT, MAX_EVENTS_BODY};

use super::{
    journal::Journal,
    tls::{self, Stream},
};

/// How the agent's events begin.
const BEGIN: &[u8] = br#"{"specversion":"1.0","id":""#;
/// Most bytes of a packed batch that are taken.
const MAX_PACKED: usize = MAX_EVENTS_BODY;

struct Hub {
    store: Mutex<File>,
    journal: Journal,
}

pub(crate) fn run(address: &str, certificates: &Path, store: &Path, journal: &Path) -> Result<()> {
    let store = File::options().create(true).append(true).open(store)?;
    let hub = Arc::new(Hub { store: Mutex::new(store), journal: Journal::new(journal)? });
    tls::serve(address, &tls::config(certificates, true)?, move |stream| hub.serve(stream))
}

impl Hub {
    /// One request after the other, as they come.
    fn serve(&self, stream: Stream) -> Result<()> {
        let mut stream = BufReader::with_capacity(64 * 1024, stream);
        let (mut packed, mut unpacked) = (Vec::new(), Vec::with_capacity(MAX_EVENTS_BODY));
        while let Some((length, zstd)) = head(&mut stream)? {
            ensure!(length <= MAX_PACKED, "a batch of {length} bytes");
            packed.resize(length, 0);
            stream.read_exact(&mut packed)?;
            unpacked.clear();
            if zstd {
                zstd::bulk::Decompressor::new()?.decompress_to_buffer(&packed, &mut unpacked)?;
            } else {
                unpacked.extend_from_slice(&packed);
            }
            let (count, last) = alerts(&unpacked)?;
            self.keep(&packed)?;
            stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")?;
            stream.get_mut().flush()?;
            if count > 0 {
                self.journal.took(count, last)?;
            }
        }
        Ok(())
    }

    fn keep(&self, packed: &[u8]) -> Result<()> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.write_all(packed)?;
        store.sync_data().context("the hub's disk")
    }
}

/// The length of the body, and whether it is packed; none at the end of the connection.
fn head(stream: &mut impl BufRead) -> Result<Option<(usize, bool)>> {
    let (mut length, mut zstd, mut line) = (None, false, String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line)? == 0 {
            return Ok(None);
        }
        let text = line.trim_end();
        if text.is_empty() {
            return Ok(Some((length.context("a request without a length")?, zstd)));
        }
        match text.split_once(':').map(|(name, value)| (name.to_ascii_lowercase(), value.trim())) {
            Some((name, value)) if name == "content-length" => length = Some(value.parse()?),
            Some((name, value)) if name == "content-encoding" => zstd = value == "zstd",
            _ => {}
        }
    }
}

/// How many alerts a batch has, and the number of the last; they must be consecutive.
fn alerts(batch: &[u8]) -> Result<(u64, u64)> {
    let (mut count, mut last) = (0, None);
    for begin in memmem::find_iter(batch, BEGIN) {
        let id = &batch[begin + BEGIN.len()..];
        let id = &id[..memchr::memchr(b'"', id).context("an event without an id")?];
        let Some(slash) = memchr::memchr(b'/', id) else { continue };
        let number: u64 = std::str::from_utf8(&id[slash + 1..])?.parse()?;
        if last.is_some_and(|last| number != last + 1) {
            bail!("number {number} does not follow {last:?}");
        }
        (count, last) = (count + 1, Some(number));
    }
    ensure!(count > 0 || memmem::find(batch, EVENT_ALERT.as_bytes()).is_none(), "alerts that cannot be counted");
    Ok((count, last.unwrap_or_default()))
}
