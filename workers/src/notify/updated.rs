//! Jellyfin and Emby: `POST /Library/Media/Updated` reports a path that changed, after which the server reads that item again.
//! Jellyfin takes its key in `Authorization`, Emby in `X-Emby-Token`. Does I/O.

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::json;

use super::{NotificationTarget, NotifyError, PlayerKind, WrittenSidecar, answer::answer};
use crate::find::guard::GuardedClient;

pub(super) async fn send(
    http: &GuardedClient,
    target: &NotificationTarget,
    written: &WrittenSidecar,
) -> Result<(), NotifyError> {
    let update = json!({"Updates": [{"Path": target.seen(&written.video), "UpdateType": "Modified"}]});
    let request = http.post(&target.at(&["Library", "Media", "Updated"])?)?;
    let key = target.secret.reveal();
    let request = match target.kind {
        PlayerKind::Jellyfin => request.header(AUTHORIZATION, format!("MediaBrowser Token=\"{key}\"")),
        _ => request.header("X-Emby-Token", key),
    };
    answer(request.header(CONTENT_TYPE, "application/json").body(update.to_string())).await.map(drop)
}
