//! Tests on an appliance: the packages, installed on a bare Debian that systemd boots. Need root, and what `cargo xtask test`
//! provides in `appliance/` of the target folder.

mod manual;
mod systemd;
