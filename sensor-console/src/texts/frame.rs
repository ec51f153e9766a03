//! Around every page.

pub const PRODUCT: &str = "Sensor console";
pub const SIGN_OUT: &str = "Sign out";
