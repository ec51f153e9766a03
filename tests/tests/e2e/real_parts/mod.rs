//! That the lab's real programs start and work, before anything of ours stands on them.

mod chromium;
mod mosquitto;
mod rsyslog;
