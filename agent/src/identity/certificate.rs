//! The certificate that a CA answers with: read within bounds, and checked to be for our key before anyone stores it.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use picket_protocol::{ids::Thumbprint, time::UnixSeconds};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};
use sha2::{Digest as _, Sha256};
use x509_parser::prelude::{FromDer as _, X509Certificate};

/// Most certificates in an answer: the issued one and its issuers.
const MAX_CERTIFICATES: usize = 8;

/// A certificate that was issued for a key of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedCertificate {
    pub(super) chain: Vec<CertificateDer<'static>>,
    pub(super) thumbprint: Thumbprint,
    pub(super) not_before: UnixSeconds,
    pub(super) not_after: UnixSeconds,
}

/// An answer that holds no certificate for our key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrongCertificate {
    /// Not a certs-only CMS message (RFC 5652 §5, RFC 7030 §4.2.3).
    #[error("not a certs-only CMS answer")]
    NotCms,
    /// No certificate, too many, or one that cannot be read.
    #[error("the answer holds no certificate that can be read")]
    Unreadable,
    /// A certificate for somebody else's key.
    #[error("the certificate is not for this sensor's key")]
    OtherKey,
}

impl IssuedCertificate {
    /// Reads a certs-only answer in DER and finds the certificate for this key; it comes first in the chain.
    ///
    /// # Errors
    /// [`WrongCertificate`].
    pub fn from_certs_only(message: &[u8], key: Thumbprint) -> Result<Self, WrongCertificate> {
        let mut chain = certificates(message).ok_or(WrongCertificate::NotCms)?;
        if chain.is_empty() || chain.len() > MAX_CERTIFICATES {
            return Err(WrongCertificate::Unreadable);
        }
        let thumbprints = chain.iter().map(|der| thumbprint(der)).collect::<Option<Vec<_>>>();
        let ours = thumbprints.ok_or(WrongCertificate::Unreadable)?.iter().position(|found| *found == key);
        let ours = chain.remove(ours.ok_or(WrongCertificate::OtherKey)?);
        let (_, read) = X509Certificate::from_der(&ours).map_err(|_| WrongCertificate::Unreadable)?;
        let validity = read.validity();
        let not_before = UnixSeconds(validity.not_before.timestamp());
        let not_after = UnixSeconds(validity.not_after.timestamp());
        chain.insert(0, ours);
        Ok(Self { chain, thumbprint: key, not_before, not_after })
    }

    pub(super) fn pem(&self) -> String {
        self.chain.iter().map(|der| block(der)).collect()
    }
}

pub(super) fn read_pem(pem: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    let chain = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>().ok()?;
    (!chain.is_empty()).then_some(chain)
}

fn block(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(String::from_utf8_lossy).collect();
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines.join("\n"))
}

fn thumbprint(der: &[u8]) -> Option<Thumbprint> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    Some(Thumbprint::from_bytes(Sha256::digest(certificate.public_key().raw).into()))
}

/// ContentInfo { signedData, [0] SignedData { version, digestAlgorithms, encapContentInfo, [0] certificates, … } }
fn certificates(message: &[u8]) -> Option<Vec<CertificateDer<'static>>> {
    const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x02];
    let mut content_info = Der(expect(message, 0x30)?);
    if content_info.next(0x06)?.1 != SIGNED_DATA {
        return None;
    }
    let mut signed_data = Der(expect(content_info.next(0xA0)?.1, 0x30)?);
    signed_data.next(0x02)?;
    signed_data.next(0x31)?;
    signed_data.next(0x30)?;
    let mut set = Der(signed_data.next(0xA0)?.1);
    let mut found = Vec::new();
    while !set.0.is_empty() && found.len() <= MAX_CERTIFICATES {
        found.push(CertificateDer::from(set.next(0x30)?.0.to_vec()));
    }
    Some(found)
}

fn expect(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    Der(bytes).next(tag).map(|(_, content)| content)
}

/// A walk over DER values: definite lengths only, at most three length bytes.
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next value, whole and content, if it bears this tag.
    fn next(&mut self, tag: u8) -> Option<(&'a [u8], &'a [u8])> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (length, header) = match first {
            0..=0x7F => (usize::from(first), 2),
            0x81..=0x83 => {
                let bytes = rest.get(..usize::from(first & 0x7F))?;
                let length = bytes.iter().fold(0, |length, byte| (length << 8) | usize::from(*byte));
                (length, 2 + bytes.len())
            }
            _ => return None,
        };
        let whole = self.0.get(..header + length)?;
        self.0 = &self.0[header + length..];
        (found == tag).then(|| (whole, &whole[header..]))
    }
}
