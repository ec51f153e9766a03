//! What stands between a request and a handler: who asks, whether they may, whether the form is of their session.
//!
//! Closed unless opened: a route is reached through [`gate::signed_in`] or is named in `pages::open`.

pub mod cookie;
pub mod forms;
pub mod gate;
pub mod signed_in;

pub use picket_guard::{attempts, headers, host};

pub use self::{
    forms::{Changing, Own, Unsigned},
    signed_in::SignedIn,
};
