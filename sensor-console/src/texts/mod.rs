//! All that the console says, in English, by page family. A translation is another folder like this one.

pub mod account;
pub mod alerts;
pub mod certificate;
pub mod first_sign_in;
pub mod frame;
pub mod overview;
pub mod refused;
pub mod settings;
