//! Observes: decodes untrusted input from the servers into typed facts for `decide`.

pub mod facts;
pub mod job;
pub mod message;
pub mod ownership;
pub mod past_job;
pub mod state;
pub mod watch;
