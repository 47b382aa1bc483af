//! The topology on a broker: declaring it, and recreating queues whose Erlang process is gone. Does I/O.

pub(super) mod declare;
mod recreate;
