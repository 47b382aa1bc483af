//! The commands of `cargo dev`, one file each, and what they share: a session's options and state. Does I/O.

pub(crate) mod demo;
pub(crate) mod generated;
pub(crate) mod requirements;
pub(crate) mod serve;
pub(crate) mod session;
pub(crate) mod simulate;
pub(crate) mod verify;
