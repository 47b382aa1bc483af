//! IdleChannels confirm channels, which are used again; a channel has at most one unconfirmed message.

use std::sync::{Mutex, PoisonError};

use lapin::Channel;

/// Maximum number of unconfirmed messages in flight.
pub(super) const CHANNELS: usize = 8;

/// Confirm channels without an unconfirmed message.
#[derive(Debug, Default)]
pub(super) struct IdleChannels(Mutex<Vec<Channel>>);

impl IdleChannels {
    pub(super) fn take(&self) -> Option<Channel> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    pub(super) fn put(&self, channel: Channel) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(channel);
    }
}
