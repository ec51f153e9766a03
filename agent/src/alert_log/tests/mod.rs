//! What the alert log survives and what it proves.

mod bounds;
mod faults;
mod reading;
mod rig;
mod streams;
mod take_over;
