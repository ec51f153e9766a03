//! Writes one CEF message within a bound of bytes. Knows escaping and room, not what an alert is.

use std::fmt::Write as _;

use super::text::{Position, escape, plain};

/// The seven fields of the header. Only the last three come from outside.
#[derive(Debug, Clone, Copy)]
pub struct Header<'a> {
    /// Names the kind of event: what a SIEM counts and filters by.
    pub class: &'a str,
    /// The event in a few words.
    pub name: &'a str,
    /// 0 to 10, 10 the gravest.
    pub severity: u8,
}

/// Most characters of the header's class (CEF: Device Event Class ID; the dictionary allows 1023).
pub const MAX_CLASS: usize = 128;
/// Most characters of the header's name (CEF dictionary: 512).
pub const MAX_NAME: usize = 512;
/// A custom string that would be cut to less is left out with its label.
const LEAST_CUSTOM: usize = 16;

/// A CEF message that grows field by field.
#[derive(Debug)]
pub struct Message {
    out: String,
    /// Where the extension begins.
    extension: usize,
    limit: usize,
}

impl Message {
    /// Begins with the header.
    #[must_use]
    pub fn new(header: &Header<'_>, limit: usize) -> Self {
        let mut out = String::with_capacity(limit.min(1024));
        out.push_str(concat!("CEF:0|Picket|Picket|", env!("CARGO_PKG_VERSION"), "|"));
        for (field, most) in [(header.class, MAX_CLASS), (header.name, MAX_NAME)] {
            escape(&plain(field, Position::Header, most), Position::Header, usize::MAX, &mut out);
            out.push('|');
        }
        // Writing to a String cannot fail.
        let _ = write!(out, "{}|", header.severity.min(10));
        Self { extension: out.len(), out, limit }
    }

    /// Adds what is not from outside: numbers, ids, addresses. Left out if there is no room.
    pub fn exact(&mut self, key: &str, value: impl std::fmt::Display) {
        let (before, gap) = (self.out.len(), self.gap());
        let _ = write!(self.out, "{gap}{key}={value}");
        if self.out.len() > self.limit {
            self.out.truncate(before);
        }
    }

    /// Adds text from outside, at most `most` characters of it, cut to the room that is left. Empty text is left out.
    pub fn text(&mut self, key: &str, value: &str, most: usize) {
        self.push(key, &plain(value, Position::Extension, most));
    }

    /// Adds a custom string with its label (`cs1Label`, `cs1`): both or neither.
    pub fn custom(&mut self, number: u8, label: &str, value: &str) {
        /// CEF dictionary.
        const MAX_CUSTOM: usize = 4000;
        let value = plain(value, Position::Extension, MAX_CUSTOM);
        let needed = label.len() + "cs1Label= cs1= ".len() + LEAST_CUSTOM;
        if value.is_empty() || self.out.len() + needed > self.limit {
            return;
        }
        self.exact(&format!("cs{number}Label"), label);
        self.push(&format!("cs{number}"), &value);
    }

    /// The message.
    #[must_use]
    pub fn finish(self) -> String {
        self.out
    }

    fn push(&mut self, key: &str, value: &str) {
        let (before, gap) = (self.out.len(), self.gap());
        let _ = write!(self.out, "{gap}{key}=");
        let room = self.limit.saturating_sub(self.out.len());
        if !escape(value, Position::Extension, room, &mut self.out) {
            self.out.truncate(before);
        }
    }

    /// Between two fields stands a space.
    fn gap(&self) -> &'static str {
        if self.out.len() == self.extension { "" } else { " " }
    }
}
