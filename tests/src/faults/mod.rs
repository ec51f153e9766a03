//! Servers that fail in a chosen way, on loopback, each on threads that end with the test program.

mod authority;
mod proxy;
mod server;
mod silent;

pub use authority::Authority;
pub use proxy::{Login, Proxy, Trick};
pub use server::{Reply, Server};
pub use silent::{black_hole, closed_port, hangs_up};
