//! The signed documents, as values: what each says, apart from how it is written and who may sign it.

pub mod activation;
pub mod deactivation;
pub mod recovery;
pub mod request;
pub mod trust_root;

/// The protected `typ` (RFC 9596) of each kind of document, so that one kind never passes for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DocumentType {
    /// A trust root version.
    TrustRoot,
    /// An activation.
    Activation,
    /// A deactivation.
    Deactivation,
    /// A recovery of the console's password.
    Recovery,
    /// A request to bind an activation file to.
    Request,
}

impl DocumentType {
    /// The media type in `typ`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TrustRoot => "application/picket-root+cose",
            Self::Activation => "application/picket-activation+cwt",
            Self::Deactivation => "application/picket-deactivation+cwt",
            Self::Recovery => "application/picket-recovery+cwt",
            Self::Request => "application/picket-request+cwt",
        }
    }

    /// What people call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TrustRoot => "trust root",
            Self::Activation => "activation",
            Self::Deactivation => "deactivation",
            Self::Recovery => "recovery",
            Self::Request => "request",
        }
    }
}
