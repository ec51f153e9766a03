//! The outside of a backup: bytes in pieces, each packed (zstd) and sealed (AES-256-GCM) by a key from a passphrase.
//! A piece's nonce is its number and whether it is the last: none can be changed, moved, left out or cut off.
//!
//! Knows nothing of what it carries.

use std::io::{self, Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use picket_guard::passphrase::{Cost, stretch};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Failed;
use crate::{domain::refused::Refused, entropy};

const MAGIC: &[u8; 14] = b"PICKET-BACKUP\n";
const FORMAT: u8 = 1;
/// Magic, format, memory, passes, salt, check.
const HEAD: usize = MAGIC.len() + 1 + 4 + 1 + 16 + CHECK;
/// Tells a wrong passphrase from a damaged file.
const CHECK: usize = 16;
const KEY: usize = 32;
/// Bytes of content in a piece, at most.
const PIECE: usize = 1 << 20;
/// Bytes of a sealed piece, at most: what cannot be packed grows a little.
const MAX_SEALED: u32 = (1 << 20) + (1 << 13) + 1024;
/// In the length of a piece: it is the last.
const LAST: u32 = 1 << 31;
const LEVEL: i32 = 3;

/// What seals and opens pieces.
struct Lock {
    key: LessSafeKey,
    /// Digest of the head: each piece is sealed together with it.
    head: [u8; 32],
    next: u64,
}

impl Lock {
    fn of(key: &[u8], head: [u8; 32]) -> Self {
        let key = UnboundKey::new(&AES_256_GCM, key).expect("a key of 32 bytes is one");
        Self { key: LessSafeKey::new(key), head, next: 0 }
    }

    fn nonce(&mut self, last: bool) -> Nonce {
        let mut nonce = [0; 12];
        nonce[3..11].copy_from_slice(&self.next.to_be_bytes());
        nonce[11] = u8::from(last);
        self.next += 1;
        Nonce::assume_unique_for_key(nonce)
    }

    fn seal(&mut self, piece: &mut Vec<u8>, last: bool) -> io::Result<()> {
        let nonce = self.nonce(last);
        self.key.seal_in_place_append_tag(nonce, Aad::from(self.head), piece).map_err(io::Error::other)
    }

    fn open<'a>(&mut self, sealed: &'a mut [u8], last: bool) -> io::Result<&'a [u8]> {
        let nonce = self.nonce(last);
        let opened = self.key.open_in_place(nonce, Aad::from(self.head), sealed);
        opened.map(|plain| &*plain).map_err(|_| invalid("a piece of it was changed"))
    }
}

/// Writes a sealed file.
pub(super) struct Sealer<W: Write> {
    out: W,
    lock: Lock,
    piece: Vec<u8>,
}

impl<W: Write> Sealer<W> {
    pub(super) fn begin(mut out: W, passphrase: &str) -> io::Result<Self> {
        let (salt, cost) = (entropy::draw::<16>(), Cost::NEW);
        let secret = secret(passphrase, &salt, cost).ok_or_else(|| io::Error::other("no memory for the key"))?;
        let (key, check) = secret.split_at(KEY);
        let memory = cost.memory_kib.to_be_bytes();
        let head = [&MAGIC[..], &[FORMAT], &memory, &[cost.passes], &salt, check].concat();
        let digest = digest(&head);
        out.write_all(&head)?;
        out.write_all(&digest)?;
        Ok(Self { out, lock: Lock::of(key, digest), piece: Vec::with_capacity(PIECE) })
    }

    /// Ends the file. Without it nobody takes it for whole.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        Ok(self.out)
    }

    fn put(&mut self, last: bool) -> io::Result<()> {
        let mut sealed = zstd::bulk::compress(&self.piece, LEVEL)?;
        self.piece.clear();
        self.lock.seal(&mut sealed, last)?;
        let length = u32::try_from(sealed.len()).ok().filter(|length| *length <= MAX_SEALED);
        let length = length.ok_or_else(|| io::Error::other("a piece grew when it was packed"))?;
        self.out.write_all(&(length | if last { LAST } else { 0 }).to_be_bytes())?;
        self.out.write_all(&sealed)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = bytes.len().min(PIECE - self.piece.len());
        self.piece.extend_from_slice(bytes.get(..taken).unwrap_or_default());
        if self.piece.len() == PIECE {
            self.put(false)?;
        }
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Reads a sealed file: what it gives is as it was written.
pub(super) struct Opener<R: Read> {
    input: Hashed<R>,
    lock: Lock,
    piece: Vec<u8>,
    at: usize,
    ended: bool,
}

impl<R: Read> Opener<R> {
    pub(super) fn begin(input: R, passphrase: &str, reading: impl Fn(io::Error) -> Failed) -> Result<Self, Failed> {
        let mut input = Hashed { input, hash: Sha256::new() };
        let (mut head, mut found) = ([0; HEAD], [0; 32]);
        input.take(&mut head).map_err(&reading)?;
        if !head.starts_with(MAGIC) {
            return Err(Failed::damaged("it is no backup of a portal"));
        }
        let [_, rest @ ..] = head.split_at(MAGIC.len()).1 else { return Err(Failed::damaged("it ends too soon")) };
        if head[MAGIC.len()] != FORMAT {
            return Err(Refused::BackupNewer { of: format!("format {}", head[MAGIC.len()]) }.into());
        }
        input.take(&mut found).map_err(&reading)?;
        if digest(&head) != found {
            return Err(Failed::damaged("its head was changed"));
        }
        let (memory, rest) = rest.split_at(4);
        let (passes, rest) = rest.split_at(1);
        let (salt, check) = rest.split_at(16);
        let cost = Cost { memory_kib: u32::from_be_bytes(array(memory)), passes: passes[0] };
        let secret = secret(passphrase, &array(salt), cost);
        let secret = secret.ok_or_else(|| Failed::damaged("its key cannot be made"))?;
        let (key, own) = secret.split_at(KEY);
        // The passphrase is the secret, and the file is at hand: what this comparison takes tells nobody more.
        if own != check {
            return Err(Refused::BackupPassphrase.into());
        }
        Ok(Self { input, lock: Lock::of(key, found), piece: Vec::new(), at: 0, ended: false })
    }

    /// SHA-256 of the whole file, once all of it was read.
    pub(super) fn digest(self) -> [u8; 32] {
        self.input.hash.finalize().into()
    }

    fn next(&mut self) -> io::Result<()> {
        let mut length = [0; 4];
        self.input.take(&mut length)?;
        let (length, last) = (u32::from_be_bytes(length) & !LAST, u32::from_be_bytes(length) & LAST != 0);
        if length > MAX_SEALED {
            return Err(invalid("a piece of it was changed"));
        }
        let mut sealed = vec![0; length as usize];
        self.input.take(&mut sealed)?;
        let packed = self.lock.open(&mut sealed, last)?;
        self.piece = zstd::bulk::decompress(packed, PIECE).map_err(|_| invalid("a piece cannot be unpacked"))?;
        (self.at, self.ended) = (0, last);
        if last && self.input.input.read(&mut [0])? > 0 {
            return Err(invalid("something follows its end"));
        }
        Ok(())
    }
}

impl<R: Read> Read for Opener<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.at == self.piece.len() && !self.ended {
            self.next()?;
        }
        let rest = self.piece.get(self.at..).unwrap_or_default();
        let taken = rest.len().min(into.len());
        into[..taken].copy_from_slice(&rest[..taken]);
        self.at += taken;
        Ok(taken)
    }
}

struct Hashed<R> {
    input: R,
    hash: Sha256,
}

impl<R: Read> Hashed<R> {
    fn take(&mut self, into: &mut [u8]) -> io::Result<()> {
        self.input.read_exact(into)?;
        self.hash.update(&*into);
        Ok(())
    }
}

fn secret(passphrase: &str, salt: &[u8; 16], cost: Cost) -> Option<Zeroizing<[u8; KEY + CHECK]>> {
    stretch(passphrase, salt, cost).map(Zeroizing::new)
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn array<const N: usize>(bytes: &[u8]) -> [u8; N] {
    bytes.try_into().expect("split at constant places")
}

fn invalid(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
