//! The consumers of the alert log: the hub and the management console. Names them; speaks to none.

use picket_lifecycle::routes::{Route, Routes};
use picket_protocol::ids::Owner;

use crate::alert_log::{console_consumer, hub_consumer};

/// Which consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ConsumerKind {
    /// The IoT hub.
    Hub,
    /// The management console.
    Console,
}

impl ConsumerKind {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Hub, Self::Console];

    /// Its stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Console => "console",
        }
    }

    /// The way to it at present.
    #[must_use]
    pub const fn route(self, routes: &Routes) -> Option<&Route> {
        match self {
            Self::Hub => routes.hub.as_ref(),
            Self::Console => routes.console.as_ref(),
        }
    }

    /// Its name in the alert log: another owner's has another, so that its marks stay where they are.
    pub(super) fn consumer(self, owner: &Owner) -> String {
        match self {
            Self::Hub => hub_consumer(owner),
            Self::Console => console_consumer(owner),
        }
    }
}

impl std::fmt::Display for ConsumerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
