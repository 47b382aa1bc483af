//! Effects out: the only writers, besides the session with the broker (`subtitle-broker`).

pub mod redis;
pub mod status;
