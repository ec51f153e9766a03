//! System settings.

use crate::refused::Words;

pub const TITLE: &str = "System settings";

/// A tile: its title, and what one does there.
pub type Tile = (&'static str, &'static str);

pub const REACTIVATION: Tile = ("Reactivation", "Mode, IoT hub, licence. Upload another activation file.");
pub const NAME: Tile = ("Sensor name", "What this sensor is called.");
pub const NETWORK: Tile = ("Network and proxy", "Proxy with a test; addresses; what a firewall must allow.");
pub const MANAGEMENT_CONSOLE: Tile = ("Management console", "The server on the premises that this sensor reports to.");
pub const CERTIFICATE: Tile = ("SSL/TLS certificate", "The certificate of these pages.");
pub const USERS: Tile = ("Users", "Who may sign in, and as what.");
pub const AUDIT: Tile = ("Audit", "Every change: who, what, before, after.");
pub const DIAGNOSTICS: Tile = ("Diagnostics", "Checks with verdicts; a bundle for whoever helps from afar.");
pub const CERTIFICATES: Tile = ("Certificates and keys", "Each with the days it has left.");
pub const ABOUT: Tile = ("About", "Versions, appliance id, trust roots.");

/// Reactivation.
pub mod reactivation {
    pub const PRESENT: &str = "In force";
    pub const NOTHING: &str = "Nothing is in force.";
    pub const UPLOAD: &str = "Another activation file";
    pub const UPLOAD_HELP: &str = "You see what it would change before anything changes.";
    pub const FILE: &str = "Activation file";
    pub const OR_TEXT: &str = "Or paste its text";
    pub const TEXT: &str = "Text of the file";
    pub const TEXT_HELP: &str = "From -----BEGIN PICKET ACTIVATION----- to the end.";
    pub const PREVIEW: &str = "Show what will change";
    pub const PREVIEW_TITLE: &str = "What will change";
    pub const NOTHING_HELD: &str = "There is no uploaded file. Upload it again.";
    pub const ACTIVATE: &str = "Activate";
    pub const AT_ONCE: &str = "Take over at once, without waiting for the proof";
    pub const AT_ONCE_HELP: &str = "If the portal or the IoT hub cannot be reached, alerts wait on this sensor.";
    pub const BACK: &str = "Keep the present activation";
    pub const ALREADY: &str = "This file is in force already. Nothing would change.";
    pub const CANDIDATE: &str = "Being proved";
    pub const CANDIDATE_LEAD: &str = "What is in force stays in force until all of this is proved.";
    pub const REMAINING: &str = "Time left";
    pub const ATTEMPTS: &str = "Attempts";
    pub const SWITCH: &str = "Switch without waiting";
    pub const KEEP: &str = "Keep the present activation";
    pub const FAILED: &str = "The last reactivation did not take over";
    pub const STOPPED_BY: &str = "What stood in its way:";
    pub const RETRY: &str = "Try again";
    pub const RETRY_HELP: &str = "The same file is proved once more; nothing is uploaded again.";
    pub const PROVED: &str = "Proved";
    pub const WAITING: &str = "Waiting";
    pub const TRYING: &str = "Failed, tried again";
    pub const PAST: &str = "Past activations";
    pub const WHEN: &str = "Decided";
    pub const SENSOR: &str = "Name in the file";
    pub const MODE: &str = "Mode";
    pub const BY: &str = "Uploaded by";
    pub const OUTCOME: &str = "Outcome";
    pub const COMMITTED: &str = "In force as epoch";
    pub const NOT_COMMITTED: &str = "Not taken over";
    pub const DEACTIVATED: &str = "Ended by the portal";
    pub const NONE_PAST: &str = "No activation was decided yet.";
    pub const ONLY_ADMIN: &str = "Only an admin uploads activation files.";
    pub const STEP_IDENTITY: &str = "The portal issues this sensor's identity";
    pub const STEP_HEARTBEAT: &str = "The portal accepts a heartbeat";
    pub const STEP_HUB: &str = "The IoT hub accepts a probe";
}

/// Sensor name.
pub mod name {
    pub const LABEL: &str = "Name";
    pub const HELP: &str = "1 to 64 letters, digits, spaces and . _ : -, with a letter or digit at both ends.";
    pub const SAVE: &str = "Save name";
    pub const FIXED_CLOUD: &str =
        "This sensor is cloud-connected, so its name is the portal's. Rename it there; it follows here.";
    pub const FIXED_NONE: &str = "This sensor is not activated. Its name comes with its activation file.";
    pub const FIXED_ROLE: &str = "Only an admin changes the name.";
}

/// Network and proxy.
pub mod network {
    pub const PROXY: &str = "Proxy";
    pub const NO_PROXY: &str = "None. This sensor connects directly.";
    pub const URL: &str = "Address";
    pub const URL_HELP: &str = "http://host:port, or socks5://host:port where the proxy resolves names.";
    pub const USER: &str = "User name";
    pub const PASSWORD: &str = "Password";
    pub const PASSWORD_SET: &str = "set";
    pub const PASSWORD_HELP: &str = "Enter it again whenever you save; it is never shown.";
    pub const SAVE: &str = "Save proxy";
    pub const REMOVE: &str = "Remove proxy";
    pub const TEST: &str = "Test all the way";
    pub const TEST_TITLE: &str = "Connection test";
    pub const TEST_HELP: &str = "Tries every endpoint in force: name, connection, proxy, certificate, answer, clock. It sends packets, and stands in the audit.";
    pub const NOTHING_TO_TEST: &str = "There is no endpoint to test: this mode sends nothing to anybody.";
    pub const USABLE: &str = "Can be used";
    pub const UNUSABLE: &str = "Cannot be used";
    pub const BROKE_OFF: &str = "The test broke off before its end. Try again.";
    pub const VIA: &str = "through proxy";
    pub const PASSED: &str = "Passed";
    pub const FAILED: &str = "Failed";
    pub const SKIPPED: &str = "Skipped";
    pub const ADDRESSES: &str = "Addresses, DNS, time";
    pub const ADDRESSES_LEAD: &str = "Read-only here. The operating system of this appliance owns them.";
    pub const IP: &str = "IP addresses";
    pub const DNS: &str = "DNS servers";
    pub const DNS_OWNER: &str = "Owned by the operating system: resolvectl, or /etc/resolv.conf.";
    pub const NTP: &str = "Time servers";
    pub const NTP_OWNER: &str = "Owned by the operating system: timedatectl, or chronyc.";
    pub const AS_SAYS: &str = "Read from";
    pub const IP_OWNER: &str = "Owned by the operating system: networkctl, nmcli or /etc/network/interfaces.";
    pub const NOT_KNOWN: &str = "Not known: no file of the operating system that can be read here says it.";
    pub const CLOCK: &str = "Clock now";
    pub const DRIFT: &str = "Differs from the upstream's by";
    pub const FIREWALL: &str = "What a firewall must allow";
    pub const DOWNLOAD: &str = "Download as text";
    pub const NO_FIREWALL: &str = "Nothing: this mode sends not one packet.";
    pub const FIREWALL_BEFORE: &str = "Not activated yet: the preview of an activation file lists what it needs.";
}

/// Management console.
pub mod management_console {
    use super::Words;

    pub const PRESENT: &str = "Now";
    pub const NOT_CONNECTED: &str = "There is none. This sensor sends nothing to anybody.";
    pub const CONNECT: &str = "Connect to a management console";
    pub const CONNECT_ANOTHER: &str = "Connect to another one";
    pub const CONNECT_LEAD: &str = "What is detected from then on goes there. What was detected before stays where it is; so do the name and all else that the activation file says.";
    pub const URL: &str = "Address";
    pub const URL_HELP: &str =
        "Of its port for sensors: https://host or https://host:port. A firewall must let it through.";
    pub const CA_FILE: &str = "CA certificates";
    pub const CA_HELP: &str = "PEM. The management console is believed by these alone.";
    pub const CA_OR_TEXT: &str = "Or paste their text";
    pub const CA_TEXT: &str = "Text of the CA certificates";
    pub const CA_TEXT_HELP: &str = "From -----BEGIN CERTIFICATE----- to the end.";
    pub const TOKEN: &str = "Pairing token";
    pub const TOKEN_HELP: &str = "Made at the management console, for one sensor. It is never shown.";
    pub const CONNECT_NOW: &str = "Connect";
    pub const DISCONNECT: &str = "Take this sensor off";
    pub const DISCONNECT_HELP: &str =
        "It reports to nobody from then on. To connect it again takes a new pairing token.";
    pub const FIXED_CLOUD: &str = "This sensor is cloud-connected: it reports to its portal. Only a locally managed sensor has a management console.";
    pub const FIXED_NONE: &str =
        "This sensor is not activated. Only a locally managed sensor has a management console.";
    pub const PROVING: &str = "Nothing can be changed here while a reactivation is being proved.";
    pub const ONLY_ADMIN: &str = "Only an admin connects this sensor, or takes it off.";

    pub const NO_CERTIFICATE: Words = Words {
        code: "console.no-ca-certificate",
        status: 400,
        title: "There is no CA certificate in what was sent",
        next: &[
            "Choose the PEM file with the certificates that the management console is believed by, or paste its text.",
        ],
    };

    pub const NO_TOKEN: Words = Words {
        code: "console.no-pairing-token",
        status: 400,
        title: "This is no pairing token",
        next: &[
            "Copy it as a whole: 22 to 128 letters, digits and signs, without spaces.",
            "Or make another one at the management console.",
        ],
    };
}

/// Audit.
pub mod audit {
    pub const LIST: &str = "Audit records, the newest first";
    pub const NUMBER: &str = "No.";
    pub const WHEN: &str = "When";
    pub const WHO: &str = "Who";
    pub const WHAT: &str = "What";
    pub const BEFORE: &str = "Before";
    pub const AFTER: &str = "After";
    pub const TEXT: &str = "Text in a record";
    pub const SEARCH: &str = "Search";
    pub const EXPORT: &str = "Export NDJSON";
    pub const OLDER: &str = "Older";
    pub const NEWEST: &str = "Newest";
    pub const NONE: &str = "No record matches.";
    pub const CLEAR: &str = "Show all records";
}

/// Diagnostics.
pub mod diagnostics {
    pub const CHECKS: &str = "Health";
    pub const CHECK: &str = "Component";
    pub const VERDICT: &str = "Verdict";
    pub const SINCE: &str = "Since";
    pub const DO: &str = "What to do";
    pub const NOTHING_TO_DO: &str = "Nothing.";
    pub const SEE_CODE: &str = "Explain";
    pub const NONE: &str = "No component has reported yet.";
    pub const LOG: &str = "Is every alert accounted for?";
    pub const LOG_HELP: &str = "Walks over the whole alert log. It can take a minute.";
    pub const VERIFY: &str = "Verify the alert log";
    pub const COMPLETE: &str = "Every number is there, or was left out for a stated reason.";
    pub const INCOMPLETE: &str = "A number is missing.";
    pub const STREAM: &str = "Stream";
    pub const HEAD: &str = "Numbers given";
    pub const IN_LOG: &str = "In the log";
    pub const LET_GO: &str = "Delivered and let go";
    pub const DROPPED: &str = "Dropped";
    pub const MISSING: &str = "First missing";
    pub const NO_STREAM: &str = "No alert was taken in yet.";
    pub const CONNECTION: &str = "Connections";
    pub const BUNDLE: &str = "Bundle for support";
    pub const BUNDLE_HELP: &str = "Status, trust roots, past activations, audit, settings: text that you can read before you send it. It holds no secret and no alert.";
    pub const DOWNLOAD: &str = "Download bundle";
    pub const READ: &str = "Read it here";
}

/// Certificates and keys.
pub mod certificates {
    pub const LIST: &str = "Certificates and keys";
    pub const WHAT: &str = "What it is for";
    pub const SUBJECT: &str = "Subject";
    pub const UNTIL: &str = "Valid until";
    pub const LEFT: &str = "Days left";
    pub const ID: &str = "Fingerprint or key id";
    pub const NO_END: &str = "no end";
    pub const EXPIRED: &str = "expired";
    pub const NONE: &str = "There is none yet: the first comes with the activation.";
}

/// About.
pub mod about {
    pub const VERSIONS: &str = "Versions";
    pub const CONSOLE: &str = "Console";
    pub const AGENT: &str = "Agent";
    pub const APPLIANCE: &str = "Appliance id";
    pub const APPLIANCE_HELP: &str = "Names the hardware. It is no secret.";
    pub const SENSOR: &str = "Sensor id";
    pub const TRUST: &str = "Trust roots";
    pub const FINGERPRINT: &str = "Fingerprint";
    pub const LAST: &str = "Last characters";
    pub const VERSION: &str = "Version";
    pub const KEYS: &str = "Keys";
    pub const NO_TRUST: &str = "No trust root is pinned: no activation file can be verified.";
    pub const LICENCES: &str = "Picket is licensed under Apache-2.0. These pages use htmx (0BSD).";
}
