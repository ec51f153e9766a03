//! End-to-end tests: the real programs, driven as people and plants drive them. One binary, mounted by topic.

mod activation;
mod alerts;
mod alerts_disks;
mod alerts_mosquitto;
mod alerts_rsyslog;
mod alerts_socket;
mod alerts_suricata;
mod alerts_weather;
mod bad_input;
mod clock;
mod clones;
mod deactivation;
mod kills;
mod management_console;
mod namespaces;
mod no_network;
mod portal_restore;
mod reactivation;
mod real_parts;
mod secrets;
mod state_folder;
mod upstream_failures;
