//! Texts: certificate.
