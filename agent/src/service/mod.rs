//! The one task that owns the sensor's state: commands and results in, effects and snapshots out.
//!
//! [`Handle`] is how the rest of the agent speaks to it; [`Effects`] is what the rest of the agent does for it. All
//! decisions are `picket-lifecycle`'s; nothing here decides what a sensor does.

mod answer;
mod boot;
mod calls;
mod command;
mod commands;
mod effects;
mod feeds;
mod heartbeat;
mod need;
mod perform;
mod reading;
mod recovery;
mod snapshot;
mod stored;
mod task;
#[cfg(test)]
mod test_world;
#[cfg(test)]
mod tests;

pub use boot::boot_id;
pub use command::{Command, Handle, Reply, Snapshot, Target};
pub use effects::{Effects, HeartbeatReply, Record};
pub use feeds::{AlertFeeds, Feeds};
pub use stored::{load, readable};
pub use task::{Service, Startup};
