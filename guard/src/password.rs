//! Which passwords are taken, and how one is generated. Length over composition (NIST SP 800-63B §3.1.1.2).

use zeroize::Zeroizing;

use crate::{entropy, person_name::PersonName};

/// Base words of common passwords, one a line: what people write when a long password is asked for.
const COMMON: &str = include_str!("common.txt");
/// What generated passwords are made of: no two characters look alike (no 0 o 1 l i).
const ALPHABET: &[u8; 31] = b"abcdefghjkmnpqrstuvwxyz23456789";
const GROUPS: usize = 4;
const GROUP: usize = 4;

/// A password within the rules. Never printed; erased when dropped.
pub struct NewPassword(Zeroizing<String>);

/// Why a password is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too short.
    #[error("it has fewer than {} characters", NewPassword::LEAST)]
    Short,
    /// Too long.
    #[error("it has more than {} characters", NewPassword::MOST)]
    Long,
    /// On the list.
    #[error("it is one of the passwords that are tried first")]
    Common,
    /// Few different characters, or one after the other in the alphabet or on the keyboard.
    #[error("it repeats itself")]
    Repetitive,
    /// The person's own name.
    #[error("it is made of the person's name")]
    OwnName,
    /// Typed differently the second time.
    #[error("the two entries differ")]
    Differs,
}

impl NewPassword {
    /// Fewest characters.
    pub const LEAST: usize = 12;
    /// Most characters. Longer ones are no stronger, and cost time to hash.
    pub const MOST: usize = 128;

    /// A password that a person chose and typed twice.
    ///
    /// # Errors
    /// [`WeakPassword`].
    pub fn chosen(first: &str, second: &str, by: &PersonName) -> Result<Self, WeakPassword> {
        judge(first, by)?;
        if first != second {
            return Err(WeakPassword::Differs);
        }
        Ok(Self(Zeroizing::new(first.to_owned())))
    }

    /// A random one of 79 bits, in groups, to be read off a screen.
    #[must_use]
    pub fn generated() -> Self {
        let mut text = Zeroizing::new(String::with_capacity(GROUPS * (GROUP + 1)));
        while text.len() < GROUPS * (GROUP + 1) - 1 {
            if text.len() % (GROUP + 1) == GROUP {
                text.push('-');
            }
            text.push(letter());
        }
        Self(text)
    }

    /// The password itself, to be hashed, or shown once.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewPassword(…)")
    }
}

/// One of the alphabet, each as likely as any other: 248 is the largest multiple of 31 in a byte.
fn letter() -> char {
    loop {
        let [byte] = entropy::draw::<1>();
        if usize::from(byte) < 8 * ALPHABET.len() {
            return char::from(ALPHABET[usize::from(byte) % ALPHABET.len()]);
        }
    }
}

fn judge(password: &str, by: &PersonName) -> Result<(), WeakPassword> {
    let characters = password.chars().count();
    if characters < NewPassword::LEAST {
        return Err(WeakPassword::Short);
    }
    if characters > NewPassword::MOST {
        return Err(WeakPassword::Long);
    }
    let lower = password.to_lowercase();
    if repetitive(&lower) {
        return Err(WeakPassword::Repetitive);
    }
    let letters = plain(&lower);
    if !letters.is_empty() && made_of(&letters, &plain(by.as_str())) {
        return Err(WeakPassword::OwnName);
    }
    let common = || COMMON.lines().filter(|line| !line.is_empty());
    if common().any(|word| made_of(&letters, word) || lower.contains(word) && lower.len() - word.len() < 5) {
        return Err(WeakPassword::Common);
    }
    Ok(())
}

/// The letters that it was made of: what people put in their place undone, all else left out.
fn plain(lower: &str) -> String {
    lower
        .chars()
        .filter_map(|c| match c {
            '0' => Some('o'),
            '1' | '!' => Some('i'),
            '3' => Some('e'),
            '4' | '@' => Some('a'),
            '5' | '$' => Some('s'),
            '7' => Some('t'),
            c if c.is_alphabetic() => Some(c),
            _ => None,
        })
        .collect()
}

/// Whether it is this word, once or more often, and at most four letters beside.
fn made_of(letters: &str, word: &str) -> bool {
    word.len() > 2 && letters.contains(word) && letters.replace(word, "").len() < 5
}

/// Fewer than five different characters, or nearly all of it steps to a neighbour (abcd…, 4321…).
fn repetitive(lower: &str) -> bool {
    let characters: Vec<u32> = lower.chars().map(u32::from).collect();
    let different: std::collections::BTreeSet<u32> = characters.iter().copied().collect();
    let steps = characters.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) <= 1).count();
    different.len() < 5 || steps * 4 >= characters.len() * 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(password: &str) -> Result<(), WeakPassword> {
        let name = PersonName::try_from("mira.lindt".to_owned()).unwrap();
        NewPassword::chosen(password, password, &name).map(|_| ())
    }

    #[test]
    fn takes_what_is_long_and_not_guessed() {
        for good in ["three grey pumps hum", "kessel-haus-nord-2", "ответственность за насос", "0k7-vq3-m2x-9pf"]
        {
            assert_eq!(chosen(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn refuses_each_kind_of_weak_one() {
        for (weak, why) in [
            ("short", WeakPassword::Short),
            ("elevenchars", WeakPassword::Short),
            ("Password1234!", WeakPassword::Common),
            ("P@ssw0rdP@ssw0rd", WeakPassword::Common),
            ("administrator", WeakPassword::Common),
            ("qwertyuiop123", WeakPassword::Common),
            ("picketpicket1", WeakPassword::Common),
            ("aaaaaaaaaaaaaaaa", WeakPassword::Repetitive),
            ("abcdefghijklmnop", WeakPassword::Repetitive),
            ("123456789012", WeakPassword::Repetitive),
            ("mira.lindt.2026", WeakPassword::OwnName),
        ] {
            assert_eq!(chosen(weak), Err(why), "{weak}");
        }
        assert_eq!(chosen(&"long enough ".repeat(11)), Err(WeakPassword::Long));
    }

    #[test]
    fn refuses_two_entries_that_differ() {
        let name = PersonName::try_from("mira".to_owned()).unwrap();
        let chosen = NewPassword::chosen("three grey pumps hum", "three grey pumps hun", &name);
        assert_eq!(chosen.map(|_| ()), Err(WeakPassword::Differs));
    }

    #[test]
    fn generates_passwords_that_it_takes_and_that_can_be_read_off_a_screen() {
        for _ in 0..500 {
            let password = NewPassword::generated();
            assert_eq!(chosen(password.expose()), Ok(()), "{}", password.expose());
            assert!(password.expose().chars().all(|c| c == '-' || ALPHABET.contains(&u8::try_from(c).unwrap())));
            assert!(!password.expose().contains(['0', 'o', '1', 'l', 'i']));
        }
    }

    #[test]
    fn the_common_words_are_in_plain_letters() {
        for word in COMMON.lines() {
            assert_eq!(plain(word), word, "would never match");
        }
    }
}
