//! The fixed texts of the portal's own refusals, as `protocol` has those that sensors know. Texts only.

use picket_protocol::refusal::{Words, explain};

use super::Refused;

macro_rules! words {
    ($($constant:ident $pattern:pat => $code:literal, $status:literal, $title:literal, $why:literal, [$($next:literal),+ $(,)?];)+) => {
        $(const $constant: Words = Words { code: $code, status: $status, title: $title, why: $why, next: &[$($next),+] };)+

        /// Every code of the portal's own.
        pub const OWN_WORDS: &[&Words] = &[$(&$constant),+];

        impl Refused {
            pub(super) fn words(&self) -> &'static Words {
                match self {
                    $($pattern => &$constant,)+
                    Self::Protocol(refusal) => explain(refusal.code()).expect("the protocol explains each of its codes"),
                }
            }
        }
    };
}

words! {
    UNAUTHORIZED Self::Unauthorized => "portal.unauthorized", 401,
        "A valid API token is needed",
        "Each request of the people's API carries a token; this one carries none, or one that does not exist (any more).",
        ["Send it as Authorization: Bearer TOKEN"];
    FORBIDDEN Self::Forbidden { .. } => "portal.forbidden", 403,
        "Your role does not allow this",
        "A reader sees, a contributor changes sensors, a security admin changes what concerns the portal as a whole, and an \
         owner also people and tokens. Whoever is confined to some subscriptions changes nothing but their sensors.",
        ["Ask an owner of the portal"];
    FORGED Self::Forged => "portal.forged", 403,
        "The form is not from a page of this sign-in",
        "Each form carries a token of its session, and comes from the portal's own address: so no other site can send one in \
         your name. A page from before the last sign-in has another token.",
        ["Go back, load the page anew, and send the form again"];
    KEY_USED Self::KeyUsed => "portal.key-used", 422,
        "The Idempotency-Key was used for another request",
        "A key stands for one request, for a day: whoever repeats that request gets what it created the first time.",
        ["Draw a new key for each thing that is to be created"];
    LAST_OWNER Self::LastOwner => "portal.last-owner", 409,
        "The last owner stays an owner",
        "Without an owner of all subscriptions nobody could add people or tokens any more.",
        ["Make somebody else an owner first"];
    REJECTED Self::NotAccepted { .. } => "portal.rejected", 403,
        "The portal rejects this sensor",
        "The key may not do this, or not any more: the sensor was deleted, a later activation has another key, the \
         certificate has expired or is not from this portal, or an event names another sensor. It is told why.",
        ["Look at the sensor's page at the portal", "If it was registered anew, upload its new activation file"];
    NAME_TAKEN Self::NameTaken { .. } => "portal.name-taken", 409,
        "The name is taken",
        "Names are unique: of sensors in a subscription, of subscriptions, hubs and destinations at the portal.",
        ["Choose another name"];
    TABLE Self::Table { .. } => "portal.table-refused", 422,
        "The table was not taken: no sensor of it was onboarded",
        "A table of sensors is checked as a whole, and taken as a whole. What is wrong is said by row, as a spreadsheet counts \
         them with the header as the first, and by column, each with a code: csv.missing (the cell is empty and must not be), \
         csv.invalid (the cell says what cannot be), csv.no-such-hub, csv.unknown-column, csv.column-twice, csv.fields (the \
         row has more or fewer cells than the header), csv.quotes (a quotation mark is not closed), csv.not-utf8, csv.empty, \
         csv.too-large; or the code with which a single sensor would be refused, as portal.name-taken.",
        ["Mend what is said in the table", "Send the whole table again: nothing of it was kept"];
    NOT_A_PORTAL Self::NotAPortal => "portal.not-a-portal", 409,
        "A management console does not register sensors or issue activation files",
        "It has no trust root: what it signed no sensor would believe.",
        ["Onboard the sensor at its portal, and give the file this console's address and a pairing token"];
    NOT_A_CONSOLE Self::NotAConsole => "portal.not-a-console", 409,
        "Only a management console pairs with sensors",
        "Sensors of a portal enrol by the token in their activation file.",
        ["Make the pairing token at the management console"];
    NO_SIGNER Self::NoSigner { .. } => "portal.no-signer", 409,
        "The portal has no key that may sign this now",
        "The trust root says which keys may sign what. None of those is in the folder of keys, or it was withdrawn.",
        ["Add an activation key to the trust root: picket-portal root add-key"];
    NOT_LOCALLY_MANAGED Self::NotLocallyManaged => "portal.not-locally-managed", 403,
        "A management console takes heartbeats of locally managed sensors only",
        "What a cloud-connected sensor reports goes to its portal alone.",
        ["Activate the sensor with a locally managed file that names this console"];
    HUB_IN_USE Self::HubInUse { .. } => "portal.hub-in-use", 409,
        "Sensors still name this hub",
        "Their activation names it: without it they could deliver nowhere.",
        ["Move those sensors to another hub first"];
    TOO_BUSY Self::TooBusy => "portal.too-busy", 503,
        "The portal has too much to do",
        "What waits to be written is bounded, so that memory is; this waited for its place for 5 s. Retry-After says when to \
         try again.",
        ["Try again a little later"];
    STORAGE_FAILED Self::StorageFailed => "portal.storage-failed", 503,
        "The portal could not write its database, so nothing was changed",
        "Nothing is answered as done before it is durable. Retry-After says when to try again.",
        ["Try again a little later", "If it lasts, look at the portal's log: its disk may be full"];
    UNSUPPORTED_EVENT Self::UnsupportedEvent { .. } => "hub.unsupported-event", 422,
        "This hub does not take events of this type",
        "It keeps alerts and skips, and remembers probes. A batch with anything else is refused as a whole: what is not kept \
         must not be answered as if it were.",
        ["Keep the event", "Update the portal"];
    STREAM_REFUSED Self::StreamRefused { .. } => "hub.stream-refused", 409,
        "The hub does not take this stream",
        "A sensor in good order has at most 1,024 streams, and a stream at most 4,096 holes: more would fill memory.",
        ["Keep the event", "Look at the sensor: no stream in good order comes to this"];
    BATCH_TOO_LARGE Self::BatchTooLarge { .. } => "hub.batch-too-large", 413,
        "The batch is too large",
        "A batch has at most 2 MiB, packed and unpacked: a few packed kilobytes may be gigabytes.",
        ["Send fewer events in a batch; what counts is the size once unpacked"];
    UNSUPPORTED_ENCODING Self::UnsupportedEncoding { .. } => "hub.unsupported-encoding", 415,
        "This hub does not unpack this content-encoding",
        "It knows zstd and gzip, once: nothing packed twice.",
        ["Send the batch packed with zstd or gzip, or not packed"];
    HUB_NOT_REACHED Self::HubNotReached { .. } => "hub.not-reached", 502,
        "The hub cannot be reached from the portal",
        "The portal connected as far as the hub's certificate, or not so far; what went wrong is said. Sensors reach the hub from \
         where they stand, which may be another way.",
        ["Check its address, that it listens, and that its certificate comes from the CA that was given"];
    NOT_SHARED Self::NotShared { .. } => "sharing.not-delivered", 502,
        "The destination did not take the message",
        "What went wrong on the way to it is said.",
        ["Check its address, that it listens, and that its certificate comes from the CA that was given"];
    BACKUP_DAMAGED Self::BackupDamaged { .. } => "backup.damaged", 422,
        "The file is not a whole backup",
        "Each piece of a backup is sealed with its number and whether it is the last. One was changed, is missing, or was cut \
         off; or the file is something else. A backup is read to its end before anything is written: nothing was.",
        ["Compare its SHA-256 with the one that picket-portal backup printed", "Fetch it again from where it is kept", "Take an \
         earlier backup: sensors that it has not heard of are not locked out"];
    BACKUP_PASSPHRASE Self::BackupPassphrase => "backup.wrong-passphrase", 403,
        "The backup has another passphrase",
        "The file is as it was made, but this passphrase does not open it. There is no other way in.",
        ["Look which passphrase was in use when it was made"];
    BACKUP_NEWER Self::BackupNewer { .. } => "backup.newer-release", 409,
        "It is of a newer release of the portal",
        "A release takes backups and databases of its own and of earlier releases.",
        ["Install the release that it is of, or a later one"];
    NOT_EMPTY Self::NotEmpty { .. } => "backup.not-empty", 409,
        "There is something already where this is to go",
        "A backup is restored to a data folder and a database that have nothing in them, and made into a new file: so nothing \
         that is in use is ever written over.",
        ["Name another folder, database or file", "If what is there is not needed any more, move it away first"];
}
