//! What the generator wrote is in the log once, or counted as missed; and under the epoch that its position says.

mod assigning;
mod epochs;
mod files;
mod kills;
mod rig;
mod sockets;
