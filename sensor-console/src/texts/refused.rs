//! Refusals of the console itself. The codes are stable; each stands in docs/console.md.

use crate::refused::Words;

pub const NO_AGENT: Words = Words {
    code: "console.no-agent",
    status: 503,
    title: "The agent does not answer",
    next: &[
        "Wait a minute: after a start the agent may still be opening its state.",
        "On the appliance, see `systemctl status picket-agent` and `journalctl -u picket-agent`.",
    ],
};

pub const NOT_ADMIN: Words = Words {
    code: "console.not-admin",
    status: 403,
    title: "Only an admin may do this",
    next: &["Ask an admin of this sensor to do it, or to change your role under Users."],
};

pub const MAY_NOT_EXPORT: Words = Words {
    code: "console.may-not-export",
    status: 403,
    title: "Only admins and analysts may export",
    next: &["Ask one of them for the file, or ask an admin of this sensor to make you an analyst."],
};

pub const FORGED: Words = Words {
    code: "console.form-expired",
    status: 403,
    title: "This form does not belong to your present session",
    next: &["Open the page again and repeat what you did. Nothing was changed."],
};

pub const NOT_FOUND: Words =
    Words { code: "console.not-found", status: 404, title: "There is no such page", next: &["Use the navigation."] };

pub const TOO_LARGE: Words = Words {
    code: "console.too-large",
    status: 413,
    title: "What was sent is larger than anything that this page takes",
    next: &["Check that you chose the right file."],
};

pub const TOO_SLOW: Words = Words {
    code: "console.too-slow",
    status: 408,
    title: "What was sent did not arrive in time",
    next: &["Try again; over a slow line, paste the text of the file instead of uploading it."],
};

pub const NOT_UNDERSTOOD: Words = Words {
    code: "console.form-not-understood",
    status: 400,
    title: "The form could not be read",
    next: &["Open the page again and repeat what you did. Nothing was changed."],
};

pub const STORAGE_FAILED: Words = Words {
    code: "console.storage-failed",
    status: 500,
    title: "The console could not write to its disk",
    next: &["Nothing was changed. Check the disk of the appliance, then try again."],
};
