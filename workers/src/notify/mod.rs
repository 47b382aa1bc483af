//! Tells players and others that a subtitle was written beside a video: a target and what was written come in, one request goes out,
//! repeated while that may help. A player is asked to look at that video only, never at its whole library. Does I/O.
//!
//! ```text
//!  WrittenSidecar ──▶ Notifier ──▶ Jellyfin, Emby: POST /Library/Media/Updated
//!                              ──▶ Plex: GET /library/sections, then …/refresh?path=
//!                              ──▶ webhook: a signed CloudEvent
//! ```

mod answer;
mod error;
mod plex;
mod target;
mod updated;
mod webhook;

use std::time::Duration;

use subtitle_clock::Clock;

use crate::find::guard::{Guard, GuardedClient};

pub use error::NotifyError;
pub use target::{NotificationTarget, PlayerKind, WrittenSidecar};

/// The pauses between attempts.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(5)];

/// Sends notifications to addresses that the guard permits.
#[derive(Debug)]
pub struct Notifier<C> {
    http: GuardedClient,
    clock: C,
}

impl<C: Clock> Notifier<C> {
    /// Redirects are not followed: the next server would be given the first one's token.
    pub fn new(guard: Guard, clock: C) -> Result<Self, reqwest::Error> {
        Ok(Self { http: GuardedClient::without_redirects(guard)?, clock })
    }

    /// Notifies one target; three attempts at most.
    pub async fn notify(&self, target: &NotificationTarget, written: &WrittenSidecar) -> Result<(), NotifyError> {
        let mut pauses = PAUSES.into_iter();
        loop {
            let error = match self.attempt(target, written).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            let Some(pause) = pauses.next().filter(|_| error.is_transient()) else { return Err(error) };
            self.clock.sleep(pause).await;
        }
    }

    async fn attempt(&self, target: &NotificationTarget, written: &WrittenSidecar) -> Result<(), NotifyError> {
        match target.kind {
            PlayerKind::Jellyfin | PlayerKind::Emby => updated::send(&self.http, target, written).await,
            PlayerKind::Plex => plex::send(&self.http, target, written).await,
            PlayerKind::Webhook => webhook::send(&self.http, target, written, self.clock.now()).await,
        }
    }
}
