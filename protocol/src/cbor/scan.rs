//! The scan over raw bytes: is this the one deterministic encoding of a data item? It decodes nothing and allocates
//! nothing. Time is linear in the bytes: each is looked at once, and each map key once more by its successor.
//!
//! Stricter than RFC 8949 §4.2.1 in what no Picket document needs: no floats, no simple values but false, true and
//! null, one of the tags in [`TAGS`] and only around the whole document, map keys that are integers or strings, at most [`MAX_DEPTH`] levels and
//! [`MAX_ITEMS`] items.

use alloc::format;
use core::fmt;

use crate::refusal::Refusal;

/// Most levels of arrays, maps and tags, one in the other.
pub const MAX_DEPTH: usize = 16;
/// Most data items in one document; bounds what a decoded document costs in time and memory.
pub const MAX_ITEMS: usize = 8192;

/// The tags that may stand around a document: COSE_Sign1 and COSE_Sign (RFC 9052 §2), self-described CBOR (RFC 8949
/// §3.4.6). Others would be more than a mark to a decoder: ciborium reads tags 2 and 3 as integers.
pub const TAGS: [u64; 3] = [18, 98, 55_799];

/// Where and why the scan stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// Offset of the first byte of the item at fault.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: FaultKind,
}

/// What the scan refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FaultKind {
    // Well-formed, but not the one encoding (RFC 8949 §4.2.1).
    /// A length left open, to be ended by a break.
    IndefiniteLength,
    /// An integer, length or tag in more bytes than it needs.
    NotMinimal,
    /// Map keys out of bytewise order.
    UnsortedKeys,
    // Not well-formed (RFC 8949 §5.3, appendix C), not valid, or nothing that a document holds.
    /// The bytes end inside the item.
    Truncated,
    /// Bytes follow the item.
    TrailingBytes,
    /// Additional information 28 to 31 where it has no meaning; a break outside.
    ReservedHead,
    /// More than [`MAX_DEPTH`] levels.
    TooDeep,
    /// More than [`MAX_ITEMS`] items.
    TooManyItems,
    /// A text string that is not UTF-8.
    NotUtf8,
    /// A map key that stands twice.
    DuplicateKey,
    /// A map key that is neither an integer nor a string.
    KeyType,
    /// A tag that is not around the whole document, or not one of [`TAGS`].
    Tag,
    /// A float, NaN included.
    Float,
    /// A simple value other than false, true and null.
    SimpleValue,
}

impl FaultKind {
    /// Every kind.
    pub const ALL: [Self; 14] = [
        Self::IndefiniteLength,
        Self::NotMinimal,
        Self::UnsortedKeys,
        Self::Truncated,
        Self::TrailingBytes,
        Self::ReservedHead,
        Self::TooDeep,
        Self::TooManyItems,
        Self::NotUtf8,
        Self::DuplicateKey,
        Self::KeyType,
        Self::Tag,
        Self::Float,
        Self::SimpleValue,
    ];

    /// Whether a lenient decoder would have read it: well-formed, but not the one encoding.
    #[must_use]
    pub const fn is_determinism(self) -> bool {
        matches!(self, Self::IndefiniteLength | Self::NotMinimal | Self::UnsortedKeys)
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::IndefiniteLength => "indefinite length",
            Self::NotMinimal => "not in the fewest bytes",
            Self::UnsortedKeys => "map keys out of order",
            Self::Truncated => "the bytes end here",
            Self::TrailingBytes => "bytes after the end",
            Self::ReservedHead => "not CBOR",
            Self::TooDeep => "nested too deeply",
            Self::TooManyItems => "too many items",
            Self::NotUtf8 => "text that is not UTF-8",
            Self::DuplicateKey => "a map key stands twice",
            Self::KeyType => "a map key is neither integer nor string",
            Self::Tag => "a tag that has no place here",
            Self::Float => "a float",
            Self::SimpleValue => "a simple value without meaning here",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Fault {
    /// The refusal of a document, or of the `part` of one, with this fault.
    pub(super) fn refusal(self, part: &str) -> Refusal {
        let separator = if part.is_empty() { "" } else { ", " };
        let at = format!("{part}{separator}byte {}: {}", self.offset, self.kind);
        if self.kind.is_determinism() { Refusal::NotDeterministic { at } } else { Refusal::Malformed { at } }
    }
}

/// Checks that `bytes` are exactly one data item in its one encoding.
///
/// # Errors
///
/// The first [`Fault`].
pub fn scan(bytes: &[u8]) -> Result<(), Fault> {
    let mut scanner = Scanner { bytes, position: 0, items: 0 };
    scanner.item(0)?;
    if scanner.position == bytes.len() { Ok(()) } else { Err(scanner.fault(FaultKind::TrailingBytes)) }
}

struct Scanner<'a> {
    bytes: &'a [u8],
    position: usize,
    items: usize,
}

/// The first byte of an item with its argument (RFC 8949 §3).
struct Head {
    major: u8,
    argument: u64,
    offset: usize,
}

impl<'a> Scanner<'a> {
    /// One item and all in it, `depth` levels down. The recursion ends at [`MAX_DEPTH`].
    fn item(&mut self, depth: usize) -> Result<(), Fault> {
        if depth > MAX_DEPTH {
            return Err(self.fault(FaultKind::TooDeep));
        }
        let head = self.head()?;
        match head.major {
            0 | 1 => Ok(()),
            2 => self.string(&head).map(|_| ()),
            3 => self.text(&head),
            4 => self.array(&head, depth),
            5 => self.map(&head, depth),
            6 if head.offset == 0 && TAGS.contains(&head.argument) => self.item(depth + 1),
            6 => Err(Fault { offset: head.offset, kind: FaultKind::Tag }),
            // The head lets only false, true and null through.
            _ => Ok(()),
        }
    }

    fn text(&mut self, head: &Head) -> Result<(), Fault> {
        let bytes = self.string(head)?;
        core::str::from_utf8(bytes).map(|_| ()).map_err(|_| Fault { offset: head.offset, kind: FaultKind::NotUtf8 })
    }

    fn array(&mut self, head: &Head, depth: usize) -> Result<(), Fault> {
        (0..head.argument).try_for_each(|_| self.item(depth + 1))
    }

    /// Keys in strictly ascending bytewise order of their encodings (RFC 8949 §4.2.1).
    fn map(&mut self, head: &Head, depth: usize) -> Result<(), Fault> {
        let mut previous: Option<&'a [u8]> = None;
        for _ in 0..head.argument {
            let offset = self.position;
            let key = self.key()?;
            match previous.map(|previous| previous.cmp(key)) {
                Some(core::cmp::Ordering::Equal) => return Err(Fault { offset, kind: FaultKind::DuplicateKey }),
                Some(core::cmp::Ordering::Greater) => return Err(Fault { offset, kind: FaultKind::UnsortedKeys }),
                _ => previous = Some(key),
            }
            self.item(depth + 1)?;
        }
        Ok(())
    }

    fn key(&mut self) -> Result<&'a [u8], Fault> {
        let head = self.head()?;
        match head.major {
            0 | 1 => {}
            2 => self.string(&head).map(|_| ())?,
            3 => self.text(&head)?,
            _ => return Err(Fault { offset: head.offset, kind: FaultKind::KeyType }),
        }
        Ok(&self.bytes[head.offset..self.position])
    }

    /// The content of a byte or text string.
    fn string(&mut self, head: &Head) -> Result<&'a [u8], Fault> {
        let length = usize::try_from(head.argument).ok();
        let end = length.and_then(|length| self.position.checked_add(length));
        let content = end.and_then(|end| self.bytes.get(self.position..end));
        let content = content.ok_or(Fault { offset: head.offset, kind: FaultKind::Truncated })?;
        self.position += content.len();
        Ok(content)
    }

    /// The head of the next item: definite, minimal, and of a kind that documents hold.
    fn head(&mut self) -> Result<Head, Fault> {
        let offset = self.position;
        let fault = |kind| Fault { offset, kind };
        self.items += 1;
        if self.items > MAX_ITEMS {
            return Err(fault(FaultKind::TooManyItems));
        }
        let initial = *self.bytes.get(offset).ok_or(fault(FaultKind::Truncated))?;
        self.position += 1;
        let (major, information) = (initial >> 5, initial & 0x1f);
        let width = match (major, information) {
            (7, 20..=22) => 0,
            (7, 25..=27) => return Err(fault(FaultKind::Float)),
            (7, 28..=31) => return Err(fault(FaultKind::ReservedHead)),
            (7, _) => return Err(fault(FaultKind::SimpleValue)),
            (_, ..=23) => 0,
            (_, 24..=27) => 1 << (information - 24),
            (2..=5, 31) => return Err(fault(FaultKind::IndefiniteLength)),
            _ => return Err(fault(FaultKind::ReservedHead)),
        };
        if width == 0 {
            return Ok(Head { major, argument: u64::from(information), offset });
        }
        let argument = self.argument(width).ok_or(fault(FaultKind::Truncated))?;
        let minimum = if width == 1 { 24 } else { 1 << (4 * width) };
        if argument < minimum {
            return Err(fault(FaultKind::NotMinimal));
        }
        Ok(Head { major, argument, offset })
    }

    /// A big-endian argument of `width` bytes.
    fn argument(&mut self, width: usize) -> Option<u64> {
        let bytes = self.bytes.get(self.position..self.position + width)?;
        self.position += width;
        Some(bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
    }

    const fn fault(&self, kind: FaultKind) -> Fault {
        Fault { offset: self.position, kind }
    }
}
