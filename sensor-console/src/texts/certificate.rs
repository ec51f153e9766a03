//! SSL/TLS certificate. The refusals' codes are stable; each stands in docs/console.md.

use crate::refused::Words;

pub const TITLE: &str = "SSL/TLS certificate";
pub const SUBJECT: &str = "Subject";
pub const ISSUER: &str = "Issuer";
pub const NAMES: &str = "Names";
pub const NOT_BEFORE: &str = "Valid from";
pub const NOT_AFTER: &str = "Valid until";
pub const FINGERPRINT: &str = "SHA-256 fingerprint";
pub const IMPORT: &str = "Import another";
pub const FILE: &str = "PEM file";
pub const FILE_HELP: &str = "The certificate, the certificates of its issuers, and the private key, in one file.";
pub const PASTED: &str = "Or its text";
pub const PASTED_HELP: &str = "From -----BEGIN CERTIFICATE----- on, and the private key.";
pub const PASSPHRASE: &str = "Passphrase of the key";
pub const PASSPHRASE_HELP: &str = "Only if the key has one. It is not kept.";
pub const HOST: &str = "Name or address of this console";
pub const HOST_HELP: &str = "What people type into the browser; the certificate must hold it.";
pub const USE: &str = "Use this certificate";

pub const NOT_PEM: Words = Words {
    code: "certificate.not-pem",
    status: 422,
    title: "There is no certificate in what was sent",
    next: &["Send the certificate and its key as PEM text: blocks that begin with -----BEGIN."],
};
pub const PASSPHRASE_WRONG: Words = Words {
    code: "certificate.passphrase",
    status: 422,
    title: "The private key could not be opened with this passphrase",
    next: &[
        "Type the passphrase with which the key was made.",
        "A key in an old format is converted by `openssl pkcs8 -topk8 -in OLD -out NEW`.",
    ],
};
pub const CHAIN: Words = Words {
    code: "certificate.chain",
    status: 422,
    title: "The certificates do not form a chain",
    next: &["Send the certificate with the certificates of its issuers, and no others."],
};
pub const EXPIRED: Words = Words {
    code: "certificate.expired",
    status: 422,
    title: "A certificate is outside its time",
    next: &["Get a certificate that is valid now, and check this sensor's clock."],
};
pub const KEY_MISMATCH: Words = Words {
    code: "certificate.key-mismatch",
    status: 422,
    title: "The private key belongs to none of the certificates",
    next: &["Send the key with which the certificate was requested."],
};
pub const WEAK_KEY: Words = Words {
    code: "certificate.weak-key",
    status: 422,
    title: "Browsers do not accept such a key or signature",
    next: &["Use RSA of 2048 bits or more, or ECDSA on P-256 or P-384, signed with SHA-256 or better."],
};
pub const NAME_MISMATCH: Words = Words {
    code: "certificate.name-mismatch",
    status: 422,
    title: "The certificate does not hold the name of this console",
    next: &[
        "Get a certificate for the name or address that people type into the browser.",
        "Or correct the name that you entered here.",
    ],
};
