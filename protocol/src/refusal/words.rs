//! The fixed texts of each refusal: code, HTTP status, title, next steps. Texts only; nothing is decided here.

use super::Refusal;

/// The fixed texts of one code.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// The stable code.
    pub code: &'static str,
    /// HTTP status in the local API.
    pub status: u16,
    /// A short sentence without full stop.
    pub title: &'static str,
    /// Why it can happen, for the docs page.
    pub why: &'static str,
    /// What to do next, in order.
    pub next: &'static [&'static str],
}

macro_rules! words {
    ($($constant:ident $pattern:pat => $code:literal, $status:literal, $title:literal, $why:literal, [$($next:literal),+ $(,)?];)+) => {
        $(const $constant: Words = Words { code: $code, status: $status, title: $title, why: $why, next: &[$($next),+] };)+

        impl Words {
            /// Every code, in the order of the reading.
            pub const ALL: &'static [&'static Self] = &[$(&$constant),+];
        }

        impl Refusal {
            pub(super) const fn words(&self) -> &'static Words {
                match self { $($pattern => &$constant,)+ }
            }
        }
    };
}

words! {
    TOO_LARGE Refusal::TooLarge { .. } => "activation.too-large", 413,
        "This is larger than what is taken here",
        "Every document and every request has a size limit, checked before a byte is read into memory.",
        ["If it is a file, check that you chose the right one: an activation file ends in .activation", "Download the file again from the portal"];
    MALFORMED Refusal::Malformed { .. } => "activation.malformed", 422,
        "This is not the Picket document that is expected here, or it was damaged on the way",
        "The bytes do not have the shape of the document. Mail gateways and editors that change line ends do this.",
        ["If it is a file, download it again from the portal", "Copy it in binary mode, or use the armoured text"];
    NOT_DETERMINISTIC Refusal::NotDeterministic { .. } => "activation.not-deterministic", 422,
        "The file is not written in deterministic CBOR",
        "Each document has exactly one encoding (RFC 8949 section 4.2); any other is refused before its signature is looked at.",
        ["Download the file again from the portal", "If it comes from other software, have it write RFC 8949 section 4.2 core deterministic encoding"];
    UNSUPPORTED_VERSION Refusal::UnsupportedVersion { .. } => "activation.unsupported-version", 422,
        "The file has a format version that this sensor does not know",
        "The portal is newer than the sensor's software.",
        ["Update the sensor's software", "Or have the portal issue the file in the older version"];
    BAD_HEADERS Refusal::BadHeaders { .. } => "activation.bad-headers", 422,
        "The file's signature does not say properly how it was made",
        "The signed header holds exactly the algorithm, the key and the kind of document; nothing may stand outside the signature.",
        ["Download the file again from the portal", "If it comes from other software, have it write the headers that docs/cddl describes"];
    NO_TRUST_ROOT Refusal::NoTrustRoot { .. } => "activation.no-trust-root", 409,
        "This sensor does not know any trust root yet",
        "A sensor believes only trust roots that its image brought or that its people added; a file never brings its own.",
        ["Compare the fingerprint with the one the portal shows",
         "At the sensor console, type the fingerprint's last characters; or, as root, run picketctl trust add FILE",
         "Then upload the file again"];
    UNKNOWN_ROOT Refusal::UnknownRoot { .. } => "activation.unknown-root", 422,
        "The file is signed under a trust root that this sensor does not know",
        "The file comes from another portal than the ones this sensor trusts.",
        ["Check that the file comes from your portal", "If it does, compare the fingerprint and, as root, run picketctl trust add FILE"];
    ROOT_CHAIN_BROKEN Refusal::RootChainBroken { .. } => "activation.root-chain-broken", 422,
        "The chain of trust root versions in the file does not hold",
        "Each version is signed by the threshold of its predecessor's root keys and of its own, and must agree with what the sensor stored.",
        ["Download the file again from the portal", "If it happens again, tell the portal's owner: its trust root may have been tampered with"];
    ROOT_TOO_OLD Refusal::RootTooOld { .. } => "activation.root-too-old", 422,
        "The file does not reach back to a trust root version that this sensor knows",
        "The chain in a file must start at or below the version that the sensor has pinned.",
        ["Have the portal issue the file with the whole chain", "Or, as root, add the newer trust root with picketctl trust add FILE"];
    UNKNOWN_SIGNER Refusal::UnknownSigner { .. } => "activation.unknown-signer", 422,
        "The file is signed by a key that the trust root does not name",
        "The trust root lists every key that may sign.",
        ["Download the file again from the portal", "If the portal's keys were changed, have its owner sign a new trust root version"];
    SIGNER_WITHDRAWN Refusal::SignerWithdrawn { .. } => "activation.signer-withdrawn", 422,
        "The file is signed by a key that was withdrawn",
        "The owner of the trust root withdrew this key, usually because it was lost.",
        ["Download a new file from the portal", "Do not use the old one: whoever found the key could have made it"];
    WRONG_ROLE Refusal::WrongRole { .. } => "activation.wrong-role", 422,
        "The file is signed by a key that may not sign this kind of document",
        "Each key has roles in the trust root; this one lacks the role needed.",
        ["Download the file again from the portal", "If it happens again, tell the portal's owner"];
    BAD_SIGNATURE Refusal::BadSignature { .. } => "activation.bad-signature", 422,
        "The signature does not fit the file",
        "A byte was changed after signing.",
        ["Download the file again from the portal", "Copy it in binary mode, or use the armoured text"];
    WRONG_DOCUMENT Refusal::WrongDocument { .. } => "activation.wrong-document", 422,
        "This is another kind of Picket document",
        "Each kind of document says in its signed header what it is.",
        ["Choose the activation file, which ends in .activation"];
    NOT_YET_VALID Refusal::NotYetValid { .. } => "activation.not-yet-valid", 422,
        "The file is not valid yet",
        "The portal issued it for a later date, or this sensor's clock is behind.",
        ["Check the sensor's clock", "Upload the file on or after the date"];
    UPLOAD_WINDOW_OVER Refusal::UploadWindowOver { .. } => "activation.upload-window-over", 422,
        "The file's upload window is over",
        "A file can be uploaded for a limited time, 30 days by default, by this sensor's clock.",
        ["If the sensor's clock is wrong, correct it and upload the file again", "Download a new file from the portal",
         "With neither at hand, an admin may override the window; it is recorded"];
    CLOCK_UNUSABLE Refusal::ClockUnusable { .. } => "activation.clock-unusable", 409,
        "This sensor's clock is before the date its software was built, so the upload window cannot be judged",
        "The clock lost its battery or was never set.",
        ["Set the clock and upload the file again", "If the clock cannot be set, an admin may override the window; it is recorded"];
    WRONG_APPLIANCE Refusal::WrongAppliance { .. } => "activation.wrong-appliance", 422,
        "The file was issued for another appliance",
        "The file is bound to an appliance id that is not this one's.",
        ["Upload the file to the appliance it was issued for", "Or have the portal issue a file for this appliance id"];
    WRONG_KEY Refusal::WrongKey { .. } => "activation.wrong-key", 422,
        "The file was issued for a key that this sensor does not hold",
        "The file is bound to the key of a request; this sensor did not make that request, or was reset since.",
        ["Upload the file to the sensor that made the request", "Or make a new request here and have the portal issue a file for it"];
    OLDER_THAN_ACTIVE Refusal::OlderThanActive { .. } => "activation.older-than-active", 409,
        "The file is older than what this sensor has already accepted",
        "Serials only go up, so that an old file cannot undo a newer one.",
        ["Download a new file from the portal"];
    UNSUPPORTED Refusal::Unsupported { .. } => "activation.unsupported", 422,
        "The file asks for something that this sensor does not understand",
        "The file lists what its reader must understand, or names a mode or hub kind unknown here. The portal is newer than the sensor's software.",
        ["Update the sensor's software", "Or have the portal issue a file without it"];

    BUSY Refusal::Busy { .. } => "activation.busy", 409,
        "The sensor is verifying another activation file",
        "One file at a time.",
        ["Wait until it is done, then upload again"];
    NO_CANDIDATE Refusal::NoCandidate => "activation.no-candidate", 409,
        "No activation is waiting to be proved",
        "It has committed, or it fell back, in the meantime.",
        ["Look at the present state: picketctl status"];
    NAME_FIXED Refusal::NameFixed => "name.fixed", 409,
        "The portal names this sensor",
        "The name of a cloud-connected sensor is set at its portal.",
        ["Change the name at the portal; the sensor takes it with its next heartbeat"];
    INVALID_NAME Refusal::InvalidName { .. } => "name.invalid", 422,
        "This cannot be a sensor's name",
        "A name has 1 to 64 characters: letters, digits, space and . _ : - with a letter or digit at both ends.",
        ["Choose another name"];
    FORBIDDEN Refusal::Forbidden { .. } => "request.forbidden", 403,
        "You may not do this",
        "The agent grants by the caller's user id.",
        ["Run the command as a user that may"];
    INVALID_REQUEST Refusal::InvalidRequest { .. } => "request.invalid", 400,
        "The request could not be understood",
        "The request does not have the form that the interface describes.",
        ["Correct the request; picketctl COMMAND --help shows its form"];
    NOT_FOUND Refusal::NotFound { .. } => "request.not-found", 404,
        "There is no such thing here",
        "The name or address does not exist.",
        ["Check the name"];
    CONFIRMATION_MISMATCH Refusal::ConfirmationMismatch => "trust.confirmation-mismatch", 422,
        "The characters typed do not match the fingerprint",
        "They must be the last characters of the fingerprint that the portal shows.",
        ["Compare with the fingerprint at the portal and type its last 16 characters",
         "If the portal shows another fingerprint, do not trust this file"];
    WRONG_SETUP_CODE Refusal::WrongSetupCode => "setup.wrong-code", 403,
        "This is not the setup code of this appliance",
        "The setup code stands on the appliance's own screen and serial line; picketctl setup-code shows it to root.",
        ["Read the code off the appliance's screen or label and type it again"];
    SETUP_WAIT Refusal::SetupWait { .. } => "setup.wait", 429,
        "Too many wrong setup codes came in a row",
        "After five wrong codes the next is looked at a moment later only, so that nobody can go through all of them.",
        ["Wait a moment, then type the code again"];
    SETUP_DONE Refusal::SetupDone => "setup.done", 409,
        "The first sign-in is done, so the setup code is gone",
        "The setup code serves once: the console has an admin.",
        ["Sign in", "If the admin's password is lost, choose password recovery"];
    NO_RECOVERY Refusal::NoRecovery => "recovery.not-started", 409,
        "No password recovery is under way here, or its document was used already",
        "A recovery document serves once, for the recovery that it was issued for.",
        ["Start a recovery at the sensor console", "Have the portal issue a document for its appliance id and nonce"];
    WRONG_NONCE Refusal::WrongNonce => "recovery.wrong-nonce", 422,
        "The recovery document was issued for another recovery",
        "Its nonce is not the one that this appliance shows now: it was mistyped at the portal, or the document is an old one.",
        ["Compare the nonce at the sensor console with the one at the portal", "Have the portal issue a new document"];
    NOT_BY_OWNER Refusal::NotByOwner { .. } => "recovery.not-by-owner", 422,
        "The recovery document does not come from this sensor's owner",
        "This sensor trusts its issuer, but is activated by another one.",
        ["Have the portal that this sensor is activated by issue the document"];
    ALREADY_PINNED Refusal::AlreadyPinned { .. } => "trust.already-pinned", 409,
        "This sensor trusts a root already",
        "From the console only the first trust root can be added, to an unactivated sensor.",
        ["As root, run picketctl trust add FILE"];
    STORAGE_FAILED Refusal::StorageFailed { .. } => "state.storage-failed", 507,
        "The sensor could not read or write its state, so nothing was changed",
        "The disk is full, read-only or failing, or a key is sealed by a TPM that does not open it.",
        ["Free space or replace the disk", "Then try again; the same file can be used"];
    NEWER_STATE Refusal::NewerState { .. } => "state.newer", 409,
        "The sensor's state was written by newer software, so nothing is changed",
        "The software was rolled back further than one release.",
        ["Install the newer software again"];
    NOT_PROVED Refusal::NotProved { .. } => "activation.not-proved", 409,
        "The new activation could not be proved in time; the earlier one stays in force",
        "A cloud-connected activation takes over once portal and hub have answered.",
        ["Look at the last failure and correct it", "Then try again: the same file can be used"];
    TOLD_TO_KEEP Refusal::ToldToKeep { .. } => "activation.kept-present", 409,
        "The present activation was kept by decision",
        "A person chose to keep the present activation.",
        ["To use the new one after all, try again: the same file can be used"];
    SUPERSEDED Refusal::Superseded { .. } => "activation.superseded", 409,
        "A newer activation took its place",
        "A file with a higher serial was uploaded.",
        ["Nothing needs to be done"];
    DEACTIVATED Refusal::Deactivated { .. } => "activation.deactivated", 409,
        "The portal ended this activation: the sensor was deleted there",
        "The portal signed a deactivation. The sensor keeps detecting and storing, and sends nothing.",
        ["If this was a mistake, onboard the sensor again at the portal", "Upload the new activation file"];

    ALREADY_USED Refusal::AlreadyUsed { .. } => "portal.already-used", 409,
        "Another sensor has already used this activation file",
        "A file enrols one sensor. The portal has raised an alarm.",
        ["Find out which sensor used it: the portal's sensor page shows its appliance id", "Have the portal reissue a file for this sensor"];
    VOIDED Refusal::Voided { .. } => "portal.voided", 409,
        "The portal has issued a newer file, which voids this one",
        "Each download issues a new file and voids earlier ones that were not used.",
        ["Upload the newest file"];
    REJECTED Refusal::Rejected { .. } => "portal.rejected", 502,
        "The portal rejects this sensor",
        "The portal answers, but does not accept this sensor. Without a signed deactivation the sensor stays as it is and keeps trying.",
        ["Look at the sensor's page at the portal", "If it was registered anew, upload its new activation file"];
    DELETED Refusal::Deleted { .. } => "portal.deleted", 410,
        "The sensor was deleted at the portal",
        "The registration that this file belongs to does not exist any more.",
        ["Onboard the sensor again at the portal", "Upload the new activation file"];

    DNS Refusal::Dns { .. } => "endpoint.dns", 502,
        "The name does not resolve",
        "No DNS server answered with an address.",
        ["Check the sensor's DNS server", "If names are resolved by a proxy only, set the proxy"];
    CONNECTION_REFUSED Refusal::ConnectionRefused { .. } => "endpoint.refused", 502,
        "The connection was refused",
        "The address answers, but nothing listens on this port, or a firewall rejects it.",
        ["Check that the server runs and listens on this port", "Check the firewall"];
    TIMEOUT Refusal::Timeout { .. } => "endpoint.timeout", 504,
        "No answer came in time",
        "A firewall drops the packets, or the server hangs.",
        ["Check the firewall between sensor and server", "Check that the server is well"];
    UNREACHABLE Refusal::Unreachable { .. } => "endpoint.unreachable", 502,
        "The address cannot be reached",
        "There is no route to it, or the connection broke.",
        ["Check the sensor's network settings: address, gateway, cable"];
    TLS_UNTRUSTED Refusal::TlsUntrusted { .. } => "endpoint.tls-untrusted", 502,
        "The server shows a certificate that this sensor does not trust",
        "Only the CA certificates in the activation file are believed. If the issuer is your own firewall's, it inspects TLS.",
        ["Look at who issued the certificate", "If it is a firewall that inspects TLS, exempt this host", "If the server's CA was changed, have the portal reissue the activation"];
    TLS_EXPIRED Refusal::TlsExpired { .. } => "endpoint.tls-expired", 502,
        "The server's certificate has expired",
        "By this sensor's clock the certificate is too old.",
        ["Check the sensor's clock", "Have the server's certificate renewed"];
    TLS_FAILED Refusal::TlsFailed { .. } => "endpoint.tls-failed", 502,
        "No secure connection could be made",
        "Both ends do not agree on TLS, or something in between breaks it.",
        ["Check that the address and port are those of the server", "Check for a firewall that inspects TLS"];
    CLOCK_DRIFT Refusal::ClockDrift { .. } => "endpoint.clock-drift", 409,
        "This sensor's clock differs from the portal's",
        "The clocks are too far apart for certificates and logs to make sense.",
        ["Set the sensor's clock, or its NTP server"];
    PROXY_UNREACHABLE Refusal::ProxyUnreachable { .. } => "endpoint.proxy-unreachable", 502,
        "The proxy cannot be reached",
        "Nothing answers at the proxy's address.",
        ["Check the proxy's address and port", "Check the firewall between sensor and proxy"];
    PROXY_AUTH_REQUIRED Refusal::ProxyAuthRequired { .. } => "endpoint.proxy-auth-required", 502,
        "The proxy wants a user name and password",
        "The proxy refused the connection without credentials, or with these.",
        ["Set the proxy's user name and password"];
    PROXY_CREDENTIALS_UNNEEDED Refusal::ProxyCredentialsUnneeded { .. } => "endpoint.proxy-credentials-unneeded", 409,
        "The proxy works without the user name and password that are set",
        "Credentials that are not needed are sent in the clear for nothing.",
        ["Remove the user name and password from the proxy's settings"];
    POST_QUANTUM_HELLO_DROPPED Refusal::PostQuantumHelloDropped { .. } => "endpoint.post-quantum-hello-dropped", 502,
        "Something on the way drops the post-quantum TLS greeting",
        "The greeting with X25519MLKEM768 is larger than one packet; some firewalls drop it.",
        ["Update the firewall, or exempt this host", "Or turn post-quantum key exchange off in the agent's settings"];
    HTTP Refusal::Http { .. } => "endpoint.http", 502,
        "The server answered with an error",
        "The server is there, but could not serve the request.",
        ["Try again later", "If it lasts, look at the server's log"];
    BAD_ANSWER Refusal::BadAnswer { .. } => "endpoint.bad-answer", 502,
        "The server's answer could not be understood",
        "Something answers that is not the expected server, or of another version.",
        ["Check that the address is that of the server", "Check for a proxy or a sign-in page in between"];
}
