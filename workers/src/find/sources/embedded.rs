//! Text tracks inside the video file, in a library or behind HTTP. Does I/O.

use std::{fs::File, io::BufReader, path::PathBuf, sync::Arc};

use subtitle_contract::job::Video;
use url::Url;

use super::mounted::{Libraries, stamp};
use crate::find::{
    content::FetchedContent,
    error::{SourceError, SourceErrorKind},
    found::{FoundSubtitle, Origin, VideoLocation, VideoMatch},
    guard::GuardedClient,
    source::SourceId,
    video::{
        matroska::{self, Reading, Track},
        ranges::{Reader, Remote, Unreachable},
    },
};

fn failed(kind: SourceErrorKind, message: impl std::fmt::Display) -> SourceError {
    SourceError::new(SourceId::Embedded, kind, message.to_string())
}

/// The text tracks of a video.
pub(in crate::find) async fn list(
    libraries: &Libraries,
    guarded: &GuardedClient,
    video: &Video,
) -> Result<Vec<FoundSubtitle>, SourceError> {
    if let Some(url) = &video.url {
        return list_remote(guarded, url).await;
    }
    let Some(file) = libraries.video_file(SourceId::Embedded, video).await? else { return Ok(Vec::new()) };
    let metadata = match tokio::fs::metadata(&file.path).await {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => {
            return Err(failed(SourceErrorKind::Unavailable, format!("{} cannot be read: {error}", file.relative)));
        }
    };
    let identity = format!("{}:{}:{}", file.library, file.relative, stamp(&metadata));
    let container = VideoLocation::Local(file.path);
    let tracks = tracks(container.clone()).await;
    let tracks =
        tracks.map_err(|message| failed(SourceErrorKind::Unavailable, format!("{}: {message}", file.relative)))?;
    Ok(found(&container, &identity, tracks))
}

async fn list_remote(guarded: &GuardedClient, url: &str) -> Result<Vec<FoundSubtitle>, SourceError> {
    let url = Url::parse(url)
        .map_err(|error| failed(SourceErrorKind::InvalidUrl, format!("video.url is not a URL: {error}")))?;
    let remote = Remote::open(guarded, &url).await.map_err(|error| {
        let kind = match error {
            Unreachable::Refused(_) => SourceErrorKind::InvalidUrl,
            Unreachable::Gone { .. } | Unreachable::NoRanges(_) => SourceErrorKind::Video,
            Unreachable::Unavailable { .. } => SourceErrorKind::Unavailable,
        };
        failed(kind, error)
    })?;
    let (identity, container) = (remote.identity(), VideoLocation::Remote(Arc::new(remote)));
    let tracks = tracks(container.clone()).await.map_err(|message| failed(SourceErrorKind::Unavailable, message))?;
    Ok(found(&container, &identity, tracks))
}

fn found(container: &VideoLocation, identity: &str, tracks: Vec<Track>) -> Vec<FoundSubtitle> {
    let found = |track: Track| FoundSubtitle {
        source: SourceId::Embedded,
        label: format!("track {}", track.number),
        language: track.language,
        forced: track.forced,
        hearing_impaired: track.hearing_impaired,
        is_machine_translated: false,
        identity: format!("{}:{identity}:{}", SourceId::Embedded, track.number),
        video_match: VideoMatch::ThisVideo { is_default: track.is_default },
        origin: track.readable.map(|()| Origin::Track { video: container.clone(), number: track.number }),
    };
    tracks.into_iter().map(found).collect()
}

fn local(path: PathBuf) -> Result<BufReader<File>, String> {
    File::open(path).map(|file| BufReader::with_capacity(1 << 18, file)).map_err(|error| error.to_string())
}

async fn tracks(container: VideoLocation) -> Result<Vec<Track>, String> {
    let read = tokio::task::spawn_blocking(move || match container {
        VideoLocation::Local(path) => matroska::tracks(local(path)?),
        VideoLocation::Remote(remote) => matroska::tracks(Reader::new(remote)),
    });
    read.await.map_err(|error| error.to_string())?
}

/// A local file is read whole, whatever its index says; a remote one if that costs no more than reading by index.
pub(in crate::find) async fn fetch(container: VideoLocation, number: u64) -> Result<FetchedContent, String> {
    let read = tokio::task::spawn_blocking(move || match container {
        VideoLocation::Local(path) => matroska::content(local(path)?, number, Reading::Whole),
        VideoLocation::Remote(remote) => {
            let is_small = remote.size() <= remote.allowance() / 2;
            let reading = if is_small { Reading::Whole } else { Reading::ByIndex };
            matroska::content(Reader::new(remote), number, reading)
        }
    });
    read.await.map_err(|error| error.to_string())?
}
