//! The pool of confirm channels, each with at most one message outstanding.

use std::sync::{Mutex, PoisonError};

use lapin::Channel;

/// Unconfirmed messages at the same time, at most.
pub(super) const CHANNELS: usize = 8;

/// Confirm channels on which nothing is outstanding.
#[derive(Debug, Default)]
pub(super) struct Idle(Mutex<Vec<Channel>>);

impl Idle {
    pub(super) fn take(&self) -> Option<Channel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn put(&self, channel: Channel) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
    }
}
