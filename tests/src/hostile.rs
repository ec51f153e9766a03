//! Texts that an attacker would put into packets, so that a log says something else: made of what steers a reader of CEF,
//! of syslog or of JSON. Always the same ones.

/// What is put together. Neither control characters nor tabs, which CEF cannot spell.
const PIECES: [&str; 24] = [
    "|",
    "\\",
    "=",
    "\\|",
    "\\=",
    "\\n",
    "\\\\",
    "\"",
    "'",
    "{}",
    "]",
    "<13>1 ",
    "CEF:0|Evil|",
    " act=allowed",
    " src=10.0.0.1",
    "%n%s",
    "${jndi:x}",
    "ä",
    "日本",
    "🛰",
    "cs1=x",
    " ",
    "a",
    "Write",
];
/// What is put in where a line end is allowed.
const LINE_ENDS: [&str; 2] = ["\n", "\r\n"];

/// A sequence of texts.
#[derive(Debug, Clone)]
pub struct Hostile {
    state: u64,
}

impl Hostile {
    /// Begins at a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// A text in one line, 1 to about 60 characters, with no white space at its ends.
    pub fn line(&mut self) -> String {
        let count = 1 + self.below(8);
        let text: String = (0..count).map(|_| PIECES[self.below(PIECES.len())]).collect();
        let text = text.trim();
        if text.is_empty() { "x".into() } else { text.into() }
    }

    /// Lines.
    pub fn lines(&mut self) -> String {
        let count = 1 + self.below(3);
        let mut text = self.line();
        for _ in 1..count {
            text.push_str(LINE_ENDS[self.below(LINE_ENDS.len())]);
            text.push_str(&self.line());
        }
        text
    }

    /// Knuth's linear congruential generator: irregular, and the same everywhere.
    fn below(&mut self, end: usize) -> usize {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.state >> 33).unwrap_or(0) % end
    }
}
