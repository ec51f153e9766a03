//! The lines of a check: progress as it goes, then a verdict per endpoint.

use alloc::{string::String, vec::Vec};
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::refusal::Problem;

/// One line of `POST /v1/check`. The last one is always [`CheckLine::Done`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum CheckLine {
    /// An endpoint's turn begins.
    Endpoint {
        /// What the endpoint is for.
        role: EndpointRole,
        /// Where it is.
        url: String,
        /// The proxy that is used, without credentials.
        proxy: Option<String>,
    },
    /// A step of the endpoint last named.
    Step {
        /// Which.
        step: CheckStep,
        /// How it went.
        #[serde(flatten)]
        result: StepResult,
        /// Milliseconds it took.
        took_ms: u64,
    },
    /// The verdict on the endpoint last named.
    Verdict {
        /// What the endpoint is for.
        role: EndpointRole,
        /// Whether the sensor can work with it.
        usable: bool,
        /// Everything found, the gravest first; a usable endpoint may have some.
        problems: Vec<Problem>,
    },
    /// How the detection engine's output is.
    Engine {
        /// Where it comes from.
        source: String,
        /// `ok`, or a health word; none while nothing is taken from it.
        health: Option<String>,
    },
    /// The end.
    Done {
        /// How many endpoints were checked.
        endpoints: u32,
        /// How many of them cannot be used.
        failed: u32,
    },
}

/// What an endpoint is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndpointRole {
    /// The portal.
    Portal,
    /// The IoT hub.
    Hub,
    /// The management console.
    ManagementConsole,
}

impl fmt::Display for EndpointRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portal => "portal",
            Self::Hub => "IoT hub",
            Self::ManagementConsole => "management console",
        })
    }
}

/// The steps of a check, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckStep {
    /// The name resolves.
    Dns,
    /// A TCP connection stands.
    Connect,
    /// The proxy lets it through.
    Proxy,
    /// TLS, with the certificate believed.
    Tls,
    /// The larger TLS greeting arrives.
    PostQuantum,
    /// The server answers HTTP.
    Http,
    /// The clocks agree.
    Clock,
}

impl fmt::Display for CheckStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "name resolves",
            Self::Connect => "connection",
            Self::Proxy => "proxy",
            Self::Tls => "certificate is trusted",
            Self::PostQuantum => "post-quantum greeting passes",
            Self::Http => "server answers",
            Self::Clock => "clocks agree",
        })
    }
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "kebab-case")]
pub enum StepResult {
    /// Well.
    Passed {
        /// What was seen: an address, an issuer, a status.
        seen: String,
    },
    /// Not well.
    Failed {
        /// Why.
        problem: Problem,
    },
    /// Not tried, since it could not tell anything.
    Skipped {
        /// Why not.
        why: String,
    },
}
