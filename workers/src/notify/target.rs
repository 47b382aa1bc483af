//! Whom to notify, and of what. Pure.

use std::fmt;

use jiff::Timestamp;
use url::Url;
use uuid::Uuid;

use super::error::NotifyError;
use crate::secret::Secret;

/// What a target understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlayerKind {
    /// Jellyfin's API.
    Jellyfin,
    /// Emby's API.
    Emby,
    /// Plex Media Server's API.
    Plex,
    /// A `CloudEvent`, signed as Standard Webhooks has it.
    Webhook,
}

/// One target of notifications.
#[derive(Clone)]
pub struct NotificationTarget {
    /// What it understands.
    pub kind: PlayerKind,
    /// The server's address; the webhook's whole URL.
    pub url: Url,
    /// The player's API key or token, or the key that a webhook is signed with.
    pub secret: Secret,
    /// The folder in which the player has the library, such as `/media/films`.
    pub library_folder: String,
}

impl fmt::Debug for NotificationTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kind, url: _, secret: _, library_folder } = self;
        formatter
            .debug_struct("NotificationTarget")
            .field("kind", kind)
            .field("library_folder", library_folder)
            .finish_non_exhaustive()
    }
}

/// A subtitle that was written beside a video.
#[derive(Clone, Debug)]
pub struct WrittenSidecar {
    /// Names the notification: a repeated one has the same id.
    pub id: Uuid,
    /// When it was written.
    pub time: Timestamp,
    /// The job's namespace.
    pub namespace: String,
    /// The job's name.
    pub job: String,
    /// The library.
    pub library: String,
    /// The video's path below the library.
    pub video: String,
    /// The sidecar's path below the library.
    pub sidecar: String,
    /// Its language.
    pub language: String,
}

impl NotificationTarget {
    /// Where the player sees a path of the library.
    pub(super) fn seen(&self, path: &str) -> String {
        format!("{}/{path}", self.library_folder.trim_end_matches('/'))
    }

    /// The address of a path below the server's.
    pub(super) fn at(&self, segments: &[&str]) -> Result<Url, NotifyError> {
        let mut url = self.url.clone();
        url.path_segments_mut().map_err(|()| NotifyError::Url)?.pop_if_empty().extend(segments);
        url.set_query(None);
        Ok(url)
    }
}
