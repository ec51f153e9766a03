//! What the end-to-end tests stand on: a scene of real programs, and servers that fail in a chosen way.

pub mod alerts;
pub mod clock;
pub mod engine;
pub mod faults;
pub mod hostile;
pub mod http;
pub mod local_api;
pub mod mounts;
pub mod scene;
pub mod vectors;
pub mod visitor;

pub use clock::FakeClock;
pub use local_api::LocalApi;
pub use scene::Scene;
pub use visitor::Visitor;
