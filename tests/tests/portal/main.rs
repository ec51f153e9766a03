//! The portal's pages, used as people use them. One binary, mounted by topic.

mod browser;
mod moving;
mod postgres;
