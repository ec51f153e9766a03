//! What stands between a request and a handler: who asks, whether they may, whether the form is of their session.
//!
//! Closed unless opened: a route is reached through [`gate::signed_in`] or is named in `pages::open`.

pub mod attempts;
pub mod cookie;
pub mod forms;
pub mod gate;
pub mod headers;
pub mod host;
mod origin;
mod pace;
pub mod signed_in;

pub use self::{
    forms::{Changing, Own, Unsigned},
    signed_in::SignedIn,
};
