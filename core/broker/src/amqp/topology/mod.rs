//! The topology on a broker: declaring it, and recreating queues that lost their process. Does I/O.

pub(super) mod declare;
mod recreate;
