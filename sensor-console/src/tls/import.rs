//! Judges a certificate that somebody brings: chain, key, passphrase, time, strength, name, each with its own refusal.
//!
//! Pure: bytes, passphrase, name and time in; one PEM text with the chain in order out.

mod key;
mod seen;

use picket_protocol::{refusal::Problem, time::UnixSeconds};
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use webpki::{EndEntityCert, Error as Webpki, KeyUsage, anchor_from_trusted_cert};
use zeroize::Zeroizing;

pub use self::seen::Seen;
use crate::{
    refused::{self, Words},
    texts::certificate as texts,
};

/// Certificates in one file.
const MOST_CERTIFICATES: usize = 8;

/// Why a certificate is not taken: the fixed texts, and what was found.
#[derive(Debug)]
pub struct NotTaken {
    words: &'static Words,
    found: Vec<(&'static str, String)>,
}

impl NotTaken {
    fn new(words: &'static Words, label: &'static str, value: impl Into<String>) -> Self {
        Self { words, found: vec![(label, value.into())] }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.words.code
    }

    /// As it is shown.
    #[must_use]
    pub fn problem(self) -> Problem {
        refused::problem(self.words, self.found)
    }
}

/// The PEM text to keep: the certificate, its issuers in order, the key without its passphrase.
///
/// # Errors
/// [`NotTaken`].
pub fn judge(file: &[u8], passphrase: &str, host: &str, now: UnixSeconds) -> Result<Zeroizing<String>, NotTaken> {
    // 1. The blocks.
    let blocks = pem::parse_many(file).map_err(|error| NotTaken::new(&texts::NOT_PEM, "why", error.to_string()))?;
    let certificates: Vec<CertificateDer<'static>> = blocks
        .iter()
        .filter(|block| block.tag() == "CERTIFICATE")
        .map(|block| CertificateDer::from(block.contents().to_vec()))
        .collect();
    if certificates.is_empty() || certificates.len() > MOST_CERTIFICATES {
        return Err(NotTaken::new(&texts::NOT_PEM, "certificates", certificates.len().to_string()));
    }
    // 2. The key, opened.
    let key = key::open(&blocks, passphrase)?;
    // 3. Its own certificate first, then issuer after issuer.
    let leaf = key::own_certificate(&certificates, &key)?;
    let chain = in_order(leaf, certificates)?;
    let seen = Seen::of(&chain[0]).ok_or_else(|| NotTaken::new(&texts::NOT_PEM, "why", "no X.509 certificate"))?;
    // 4. Strength, before anything is computed with it; 5. time; 6. signatures along the chain; 7. the name.
    strong(&chain)?;
    in_time(&chain, now)?;
    chained(&chain, now)?;
    if !seen.holds(host) {
        let mut refused = NotTaken::new(&texts::NAME_MISMATCH, "names in the certificate", seen.names.join(", "));
        refused.found.push(("name entered", host.chars().take(253).collect()));
        return Err(refused);
    }
    Ok(as_pem(&chain, &key))
}

/// Starting at the key's own certificate, each next one is the issuer of the one before; none is left over.
fn in_order(leaf: usize, mut rest: Vec<CertificateDer<'static>>) -> Result<Vec<CertificateDer<'static>>, NotTaken> {
    let not_a_chain = |why: &str| NotTaken::new(&texts::CHAIN, "why", why);
    let mut chain = vec![rest.swap_remove(leaf)];
    while !rest.is_empty() {
        let last = chain.last().and_then(|last| Seen::of(last)).ok_or_else(|| not_a_chain("no X.509 certificate"))?;
        let issuer = rest.iter().position(|other| Seen::of(other).is_some_and(|other| other.subject == last.issuer));
        let Some(issuer) = issuer else {
            return Err(NotTaken::new(&texts::CHAIN, "no certificate is of the issuer", last.issuer));
        };
        chain.push(rest.swap_remove(issuer));
    }
    Ok(chain)
}

fn strong(chain: &[CertificateDer<'_>]) -> Result<(), NotTaken> {
    for certificate in chain {
        let seen = Seen::of(certificate).ok_or_else(|| NotTaken::new(&texts::CHAIN, "why", "no X.509 certificate"))?;
        if let Some(weakness) = seen.weakness {
            let mut refused = NotTaken::new(&texts::WEAK_KEY, "found", weakness);
            refused.found.push(("certificate", seen.subject));
            return Err(refused);
        }
    }
    Ok(())
}

fn in_time(chain: &[CertificateDer<'_>], now: UnixSeconds) -> Result<(), NotTaken> {
    for certificate in chain {
        let Some(seen) = Seen::of(certificate) else { continue };
        if now < seen.not_before || now > seen.not_after {
            let mut refused = NotTaken::new(&texts::EXPIRED, "certificate", seen.subject);
            refused.found.push(("valid from", seen.not_before.to_string()));
            refused.found.push(("valid until", seen.not_after.to_string()));
            refused.found.push(("this sensor's time", now.to_string()));
            return Err(refused);
        }
    }
    Ok(())
}

/// The signatures. The last certificate is taken as it is: whether people's browsers believe it, only they know.
fn chained(chain: &[CertificateDer<'_>], now: UnixSeconds) -> Result<(), NotTaken> {
    let not_a_chain = |error: Webpki| NotTaken::new(&texts::CHAIN, "why", error.to_string());
    let [leaf, between @ .., last] = chain else { return Ok(()) };
    let anchor = anchor_from_trusted_cert(last).map_err(not_a_chain)?;
    let time = u64::try_from(now.0).unwrap_or_default();
    EndEntityCert::try_from(leaf)
        .and_then(|leaf| {
            leaf.verify_for_usage(
                aws_lc_rs::default_provider().signature_verification_algorithms.all,
                &[anchor],
                between,
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(time)),
                KeyUsage::server_auth(),
                None,
                None,
            )
            .map(|_| ())
        })
        .map_err(not_a_chain)
}

fn as_pem(chain: &[CertificateDer<'_>], key: &PrivateKeyDer<'_>) -> Zeroizing<String> {
    let tag = match key {
        PrivateKeyDer::Pkcs1(_) => "RSA PRIVATE KEY",
        PrivateKeyDer::Sec1(_) => "EC PRIVATE KEY",
        _ => "PRIVATE KEY",
    };
    let block = |tag: &str, der: &[u8]| pem::encode(&pem::Pem::new(tag, der));
    let mut text: String = chain.iter().map(|certificate| block("CERTIFICATE", certificate)).collect();
    text.push_str(&block(tag, key.secret_der()));
    Zeroizing::new(text)
}

#[cfg(test)]
mod tests;
