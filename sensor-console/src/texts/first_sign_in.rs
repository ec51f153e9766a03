//! The first sign-in: setup code, trust, activation, certificate.

use crate::refused::Words;

pub const TITLE: &str = "First sign-in";
pub const SETUP_LEAD: &str = "The setup code stands on this appliance's own screen and serial line; `picketctl setup-code` shows it, too. \
     It proves that you are at the machine, and is used up by this step.";
pub const SETUP_CODE: &str = "Setup code";
pub const SETUP_CODE_HELP: &str = "Case, spaces and hyphens do not matter.";
pub const ADMIN_NAME: &str = "Your name at this console";
pub const ADMIN_NAME_HELP: &str = "Letters, digits and . _ - @";
pub const NEW_PASSWORD: &str = "Password";
pub const NEW_PASSWORD_HELP: &str =
    "12 characters or more. Length counts, not signs: four words that do not belong together are good.";
pub const NEW_PASSWORD_AGAIN: &str = "Password, once more";
pub const BEGIN: &str = "Become this sensor's admin";
pub const RESET_LEAD: &str =
    "This sensor was reset. Whoever has its new setup code becomes its admin; former accounts go.";

pub const TRUST: &str = "Trust";
pub const TRUST_LEAD: &str = "This sensor does not know whose activation files to believe. Choose your activation file: its trust root \
     will be compared with what your portal shows.";
pub const TRUST_DONE: &str = "A trust root is stored on this sensor.";
pub const TRUST_LOOK: &str = "Open your portal on another device, look up Trust root, and type the last 16 characters of the \
     fingerprint that stands there. The page you see here leaves them out on purpose.";
pub const FINGERPRINT: &str = "Fingerprint in the file";
pub const CHARACTERS: &str = "Last 16 characters, as the portal shows them";
pub const CHARACTERS_HELP: &str = "Case, spaces and hyphens do not matter.";
pub const COMPARE: &str = "Trust this root";
pub const OTHER_FILE: &str = "Take another file";

pub const ACTIVATION: &str = "Activation";
pub const ACTIVATION_LEAD: &str = "Bring the activation file that your portal issued for this sensor.";
pub const ACTIVATION_LATER: &str = "After trust.";
pub const FILE: &str = "Activation file";
pub const FILE_HELP: &str = "Drop the file here, or choose it.";
pub const PASTED: &str = "Or its text";
pub const PASTED_HELP: &str = "From -----BEGIN PICKET ACTIVATION----- on.";
pub const NEXT: &str = "Check the file";
pub const PROXY_NEEDED: &str = "Does this sensor reach its portal through a proxy? ";
pub const TO_NETWORK: &str = "Network and proxy";
pub const LET_PASS_TITLE: &str = "If no newer file can be had";
pub const LET_PASS: &str = "Let this file pass outside its upload window";
pub const LET_PASS_HELP: &str = "Its signature, its sensor and its age against what is in force are judged as ever. It is recorded under your name.";
pub const LET_PASS_NEXT: &str = "Show what it would change";
pub const ACTIVATE: &str = "Activate";
pub const TERMS: &str = "Terms";
pub const ACCEPT_TERMS: &str = "I accept these terms";
pub const PREVIEW_TITLE: &str = "Check, then activate";
pub const PROGRESS_TITLE: &str = "Activation under way";
pub const CONTINUE: &str = "Continue";
pub const PENDING: &str =
    "The activation is in force. The sensor keeps trying to reach its portal; you may go on meanwhile.";
pub const ACTIVATED: &str = "The activation is in force.";
pub const STEP_SIGNATURE: &str = "the file's signature is verified";
pub const PROVED: &str = "Done";
pub const WAITING: &str = "Waiting";
pub const FAILED: &str = "Failed, tried again";
pub const ENDPOINTS: &str = "What each endpoint said";
pub const ENDPOINT: &str = "Endpoint";
pub const FOUND: &str = "Found";
pub const WHAT_NEXT: &str = "Next";

pub const CERTIFICATE: &str = "SSL/TLS certificate";
pub const CERTIFICATE_LATER: &str = "After the activation.";
pub const KEEP_LEAD: &str = "Or keep the self-signed one: browsers will warn of it. Compare its fingerprint on each device that you \
     use, once.";
pub const KEEP: &str = "Keep the self-signed certificate";

pub const CHANGES: &str = "What changes";
pub const STAYS: &str = "What stays";
pub const STOPS: &str = "What stops";
pub const FIREWALL: &str = "What a firewall must let through";
pub const NO_FIREWALL: &str = "Nothing: under this activation the sensor sends not one packet.";
pub const HOST: &str = "Host";
pub const PORT: &str = "TCP port";
pub const WHAT_FOR: &str = "What for";
pub const SENSOR_NAME: &str = "Sensor name";
pub const SUBSCRIPTION: &str = "Subscription";
pub const SITE: &str = "Site";
pub const ZONE: &str = "Zone";
pub const TAG: &str = "Tag";
pub const MODE: &str = "Mode";
pub const CLOUD_CONNECTED: &str = "Cloud-connected";
pub const LOCALLY_MANAGED: &str = "Locally managed";
pub const PORTAL: &str = "Portal";
pub const HUB: &str = "IoT hub";
pub const AUTOMATIC_TI: &str = "Automatic TI updates";
pub const MANAGEMENT_CONSOLE: &str = "Management console";
pub const LICENCE_UNTIL: &str = "Licence until";
pub const ISSUED_AT: &str = "Issued";
pub const UPLOAD_UNTIL: &str = "To be uploaded until";
pub const SERIAL: &str = "Serial";
pub const SENSOR_ID: &str = "Sensor id";
pub const YES: &str = "Yes";
pub const NO: &str = "No";
pub const NONE: &str = "None";

pub const NO_FILE: Words = Words {
    code: "console.no-file",
    status: 400,
    title: "No file was chosen and no text was pasted, or the file is empty",
    next: &[
        "Choose the file, drop it onto the field, or paste its text.",
        "If you chose one, it came here empty: copy it again, and take the stick out only when that is done.",
    ],
};

pub const FILE_CHANGED: Words = Words {
    code: "console.file-changed",
    status: 409,
    title: "Another file was uploaded in this session since you saw this page",
    next: &["Nothing was changed. Upload the file again and check what it says."],
};

pub const TERMS_NOT_ACCEPTED: Words = Words {
    code: "console.terms-not-accepted",
    status: 400,
    title: "The terms were not accepted",
    next: &["Read them, tick the box under them, then activate."],
};

pub const WEAK_PASSWORD: Words = Words {
    code: "console.weak-password",
    status: 400,
    title: "This password is not taken",
    next: &["Choose one of 12 characters or more that nobody would try first, and type it the same twice."],
};

pub const INVALID_PERSON: Words = Words {
    code: "console.invalid-name",
    status: 400,
    title: "This name cannot be used",
    next: &["Use 1 to 64 letters, digits and . _ - @, beginning with a letter or digit."],
};
