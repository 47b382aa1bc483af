//! Redis: the records of jobs and the histories of their events, over one connection. Does I/O.

mod address;
mod client;
mod connection;
mod history;
mod ledger;
mod records;
mod scripts;

pub use address::{RedisAddress, RedisArguments};
pub use client::RedisRecords;
pub use scripts::{BatchCheckpoints, PROJECT, append, append_script};
