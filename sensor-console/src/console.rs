//! What all requests share: the agent, the people, their sessions, the certificate, and what bounds them.

use std::sync::Arc;

use crate::{
    accounts::{Accounts, hash::PasswordHash},
    agent::Agent,
    audit::Audit,
    first_sign_in::Notes,
    follow::Follow,
    guard::attempts::Attempts,
    sessions::Sessions,
    settings::Settings,
    tls::ServerCertificate,
    uploads::UploadSeats,
};

/// What handlers take: `State(console): State<Shared>`.
pub type Shared = Arc<Console>;

/// What all requests share.
#[derive(Debug)]
pub struct Console {
    /// The agent behind its socket.
    pub agent: Agent,
    /// The sensor's status while somebody looks.
    pub follow: Follow,
    /// What people do here is told to the agent.
    pub audit: Audit,
    /// The people.
    pub accounts: Accounts,
    /// Who is signed in.
    pub sessions: Sessions,
    /// Who may try a password, and when.
    pub attempts: Attempts,
    /// How many uploads are read at once.
    pub uploads: UploadSeats,
    /// The certificate in use.
    pub certificate: Arc<ServerCertificate>,
    /// How far the first sign-in came, where only the console knows.
    pub notes: Notes,
    /// The settings.
    pub settings: Settings,
    /// What a try of an unknown name is compared with.
    pub nobody: PasswordHash,
}
