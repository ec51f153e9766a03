//! "Come again": the word that a try gets along which gave way, and by which it goes first when it comes again.
//!
//! Of a flood each try gives way once and is gone; a person comes again. Nothing is kept for whoever has such a word: it
//! is signed by a key of this start, says when it was given and to which network, and holds once.

use std::{collections::VecDeque, time::Duration};

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

use super::pace::Network;
use crate::entropy;

/// Before that it is worth nothing: whoever asks in a loop gains nothing.
const LEAST_AGE: Duration = Duration::from_millis(500);
const MOST_AGE: Duration = Duration::from_secs(60);
/// Words that were used and could be used again; the oldest is forgotten first.
const MOST_USED: usize = 1024;
const SALT: usize = 8;
const MILLIS: usize = 8;
const TAG: usize = 16;

/// Gives words and takes them.
#[derive(Debug)]
pub(super) struct Again {
    key: hmac::Key,
    used: VecDeque<[u8; SALT]>,
}

impl Default for Again {
    fn default() -> Self {
        Self { key: hmac::Key::new(hmac::HMAC_SHA256, &entropy::draw::<32>()), used: VecDeque::new() }
    }
}

impl Again {
    /// A word for somebody of this network.
    pub(super) fn word(&self, network: Network, now: Duration) -> String {
        let salt = entropy::draw::<SALT>();
        let millis = u64::try_from(now.as_millis()).unwrap_or(u64::MAX).to_be_bytes();
        let tag = hmac::sign(&self.key, &signed(network, salt, millis));
        URL_SAFE_NO_PAD.encode([&salt[..], &millis, &tag.as_ref()[..TAG]].concat())
    }

    /// Whether it is one of ours, for this network, neither too young nor too old, and the first time.
    pub(super) fn take(&mut self, word: &str, network: Network, now: Duration) -> bool {
        let Some((salt, millis, tag)) = parts(word) else { return false };
        let expected = hmac::sign(&self.key, &signed(network, salt, millis));
        if !bool::from(subtle::ConstantTimeEq::ct_eq(&expected.as_ref()[..TAG], &tag[..])) {
            return false;
        }
        let age = now.saturating_sub(Duration::from_millis(u64::from_be_bytes(millis)));
        if !(LEAST_AGE..MOST_AGE).contains(&age) || self.used.contains(&salt) {
            return false;
        }
        self.used.truncate(MOST_USED - 1);
        self.used.push_front(salt);
        true
    }
}

fn signed(network: Network, salt: [u8; SALT], millis: [u8; MILLIS]) -> Vec<u8> {
    [&salt[..], &millis, network.to_string().as_bytes()].concat()
}

fn parts(word: &str) -> Option<([u8; SALT], [u8; MILLIS], [u8; TAG])> {
    let mut bytes = [0; SALT + MILLIS + TAG];
    let length = URL_SAFE_NO_PAD.decode_slice(word, &mut bytes).ok()?;
    let whole = (length == bytes.len()).then_some(bytes)?;
    let (salt, rest) = whole.split_first_chunk()?;
    let (millis, tag) = rest.split_first_chunk()?;
    Some((*salt, *millis, tag.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use super::*;

    const GIVEN: Duration = Duration::from_secs(1000);
    const LATER: Duration = Duration::from_secs(1001);

    fn network(last: u8) -> Network {
        Network::of(IpAddr::from([192, 0, 2, last]))
    }

    #[test]
    fn a_word_holds_once() {
        let mut again = Again::default();
        let word = again.word(network(1), GIVEN);
        assert!(again.take(&word, network(1), LATER));
        assert!(!again.take(&word, network(1), LATER));
    }

    #[test]
    fn a_word_is_for_its_network_and_its_time() {
        let mut again = Again::default();
        let word = again.word(network(1), GIVEN);
        assert!(!again.take(&word, network(2), LATER));
        assert!(!again.take(&word, network(1), GIVEN));
        assert!(!again.take(&word, network(1), GIVEN + MOST_AGE));
        assert!(again.take(&word, network(1), LATER));
    }

    #[test]
    fn nobody_makes_one() {
        let mut again = Again::default();
        let other = Again::default().word(network(1), GIVEN);
        for word in ["", "again", &other, &"A".repeat(43), &"A".repeat(4000)] {
            assert!(!again.take(word, network(1), LATER), "{word}");
        }
    }

    #[test]
    fn memory_is_bounded() {
        let mut again = Again::default();
        for _ in 0..2 * MOST_USED {
            let word = again.word(network(1), GIVEN);
            assert!(again.take(&word, network(1), LATER));
        }
        assert!(again.used.len() <= MOST_USED);
    }
}
