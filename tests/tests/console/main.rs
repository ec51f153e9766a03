//! The sensor console, used as people use it. One binary, mounted by topic.

mod browser;
