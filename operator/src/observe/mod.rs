//! Facts in: what servers hand over comes in undecoded, typed facts go out to `decide`.

pub mod facts;
pub mod job;
pub mod message;
pub mod state;
pub mod watch;
