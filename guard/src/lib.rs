//! What stands between the network and pages, for the sensor console and the portal: connections within bounds, hosts,
//! origins, headers, cookies, forms, passwords. Knows no page, no person's rights and no data.

mod again;
pub mod attempts;
pub mod clock;
pub mod cookie;
pub mod entropy;
pub mod forms;
pub mod from;
pub mod hash;
pub mod headers;
pub mod host;
pub mod listen;
pub mod origin;
mod pace;
pub mod passphrase;
pub mod password;
pub mod person_name;
pub mod serve;
pub mod uploads;
