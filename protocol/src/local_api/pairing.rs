//! `PUT /v1/management-console`: the management console that a locally managed sensor is to report to, by a person's word.

use alloc::{format, string::String, vec::Vec};

use serde::{Deserialize, Serialize};

use super::requests::parse;
use crate::{
    documents::activation::{Certificate, Endpoint, ManagementConsole, Secret},
    endpoint_url::Scheme,
    refusal::Refusal,
};

/// Most bytes of the body: as many CA certificates as an endpoint has, in base64, and the rest.
pub const MAX_PAIRING: usize = 48 * 1024;

/// `PUT /v1/management-console`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pairing {
    /// `https://host[:port]` of its sensor port.
    pub url: String,
    /// The CAs that it is believed by: DER in base64, 1 to 8.
    pub ca_certificates: Vec<Certificate>,
    /// Made there; spent by this sensor's key.
    pub pairing_token: Secret,
}

impl From<Pairing> for ManagementConsole {
    fn from(pairing: Pairing) -> Self {
        let Pairing { url, ca_certificates, pairing_token } = pairing;
        Self { endpoint: Endpoint { url, ca_certificates }, pairing_token }
    }
}

/// Reads the body. Whether the certificates are any is judged in the agent.
///
/// # Errors
/// [`Refusal::InvalidRequest`]; it never repeats the token.
pub fn parse_pairing(body: &[u8]) -> Result<Pairing, Refusal> {
    let pairing: Pairing = parse(body)?;
    let endpoint = Endpoint { url: pairing.url.clone(), ca_certificates: pairing.ca_certificates.clone() };
    let judged = endpoint.judge(Scheme::Https);
    judged.map_err(|(field, why)| Refusal::InvalidRequest { why: format!("{field}: {why}") })?;
    Ok(pairing)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    const TOKEN: &str = "a-pairing-token-of-22-or-more";

    fn body(url: &str, certificates: &str, token: &str) -> String {
        format!(r#"{{"url":"{url}","ca_certificates":{certificates},"pairing_token":"{token}"}}"#)
    }

    #[test]
    fn takes_what_an_activation_file_would_take() {
        let read = parse_pairing(body("https://console.plant:8443", r#"["MAA="]"#, TOKEN).as_bytes()).unwrap();
        let console = ManagementConsole::from(read);
        assert_eq!(console.endpoint.ca_certificates, [Certificate([0x30, 0x00].into())]);
        assert_eq!(console.pairing_token.expose(), TOKEN);
    }

    #[test]
    fn refuses_the_rest_and_never_repeats_the_token() {
        let many = format!("[{}]", ["\"MAA=\""; 9].join(","));
        for (url, certificates, token) in [
            ("http://console.plant", r#"["MAA="]"#, TOKEN),
            ("https://console.plant/path", r#"["MAA="]"#, TOKEN),
            ("https://console.plant", "[]", TOKEN),
            ("https://console.plant", &many, TOKEN),
            ("https://console.plant", r#"[""]"#, TOKEN),
            ("https://console.plant", r#"["!"]"#, TOKEN),
            ("https://console.plant", r#"["MAA="]"#, "hunter2"),
        ] {
            let refused = parse_pairing(body(url, certificates, token).as_bytes()).unwrap_err();
            assert!(matches!(refused, Refusal::InvalidRequest { .. }), "{refused:?}");
            assert!(!refused.to_string().contains(token), "{refused}");
        }
    }
}
