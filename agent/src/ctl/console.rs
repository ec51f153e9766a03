//! `picketctl console`: connects a locally managed sensor to a management console, or takes it off. The token comes from a
//! file, never from the command line.

use std::path::Path;

use picket_protocol::{
    documents::activation::{Certificate, Secret},
    local_api::{Pairing, routes},
};
use rustls_pki_types::{CertificateDer, pem::PemObject as _};

use super::{cli::ConsoleCommand, client::Client, failure::Failure, files, screen::Screen};

pub(super) fn run(command: ConsoleCommand, agent: &Client, screen: &Screen) -> Result<(), Failure> {
    let (answer, done) = match command {
        ConsoleCommand::Connect { url, ca, pairing_token_file } => {
            let pairing =
                Pairing { url, ca_certificates: certificates(&ca)?, pairing_token: token(&pairing_token_file)? };
            let done = "The sensor pairs with the management console. To see how far it is: picketctl status";
            (agent.put_json(routes::MANAGEMENT_CONSOLE, &pairing)?, done)
        }
        ConsoleCommand::Disconnect => {
            (agent.delete(routes::MANAGEMENT_CONSOLE)?, "The sensor reports to no management console.")
        }
    };
    if screen.json_answer(&answer)? { Ok(()) } else { screen.line(done) }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, Failure> {
    let pem = files::certificates(path)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    let read = read.map_err(|error| Failure::Local(format!("{}: {error}", path.display())))?;
    if read.is_empty() {
        return Err(Failure::Local(format!("there is no certificate in {}", path.display())));
    }
    Ok(read.into_iter().map(|certificate| Certificate(certificate.to_vec())).collect())
}

fn token(path: &Path) -> Result<Secret, Failure> {
    let text = files::password(path)?.trim().to_owned();
    Secret::new(text).ok_or_else(|| Failure::Local(format!("there is no pairing token in {}", path.display())))
}
