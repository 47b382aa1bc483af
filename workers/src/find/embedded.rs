//! Text tracks inside the video file, in a library or behind HTTP.

use std::{fs::File, io::BufReader, path::PathBuf, sync::Arc};

use subtitle_contract::job::Video;
use url::Url;

use super::{
    Claims, Content, Finder, Found, Origin, SourceError, Trouble,
    found::Container,
    matroska::{self, Reading, Track},
    ranges::{Reader, Remote, Unreachable},
    stamp,
};

pub(super) const NAME: &str = "embedded";

fn failed(trouble: Trouble, message: impl std::fmt::Display) -> SourceError {
    SourceError::new(NAME, trouble, message.to_string())
}

pub(super) async fn list(finder: &Finder, video: &Video) -> Result<Vec<Found>, SourceError> {
    if let Some(url) = &video.url {
        return list_remote(finder, url).await;
    }
    let Some(file) = finder.sources.video_file(NAME, video).await? else { return Ok(Vec::new()) };
    let metadata = match tokio::fs::metadata(&file.path).await {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(Trouble::Unavailable, format!("{} cannot be read: {error}", file.relative))),
    };
    let identity = format!("{}:{}:{}", file.library, file.relative, stamp(&metadata));
    let container = Container::Local(file.path);
    let tracks = tracks(container.clone()).await;
    let tracks = tracks.map_err(|message| failed(Trouble::Unavailable, format!("{}: {message}", file.relative)))?;
    Ok(found(&container, &identity, tracks))
}

async fn list_remote(finder: &Finder, url: &str) -> Result<Vec<Found>, SourceError> {
    let url = Url::parse(url).map_err(|error| failed(Trouble::InvalidUrl, format!("video.url is no URL: {error}")))?;
    let remote = Remote::open(&finder.guarded, &url).await.map_err(|error| {
        let trouble = match error {
            Unreachable::Refused(_) => Trouble::InvalidUrl,
            Unreachable::Gone { .. } | Unreachable::NoRanges(_) => Trouble::Video,
            Unreachable::Unavailable { .. } => Trouble::Unavailable,
        };
        failed(trouble, error)
    })?;
    let (identity, container) = (remote.identity(), Container::Remote(Arc::new(remote)));
    let tracks = tracks(container.clone()).await.map_err(|message| failed(Trouble::Unavailable, message))?;
    Ok(found(&container, &identity, tracks))
}

fn found(container: &Container, identity: &str, tracks: Vec<Track>) -> Vec<Found> {
    let found = |track: Track| Found {
        source: NAME,
        label: format!("track {}", track.number),
        language: track.language,
        forced: track.forced,
        hearing_impaired: track.hearing_impaired,
        is_machine_translated: false,
        identity: format!("{NAME}:{identity}:{}", track.number),
        claims: Claims::ThisVideo { is_default: track.is_default },
        origin: track.readable.map(|()| Origin::Track { video: container.clone(), number: track.number }),
    };
    tracks.into_iter().map(found).collect()
}

fn local(path: PathBuf) -> Result<BufReader<File>, String> {
    File::open(path).map(|file| BufReader::with_capacity(1 << 18, file)).map_err(|error| error.to_string())
}

async fn tracks(container: Container) -> Result<Vec<Track>, String> {
    let read = tokio::task::spawn_blocking(move || match container {
        Container::Local(path) => matroska::tracks(local(path)?),
        Container::Remote(remote) => matroska::tracks(Reader::new(remote)),
    });
    read.await.map_err(|error| error.to_string())?
}

/// A local file is read whole, whatever its index says. A remote one is when that costs no more than looking into it.
pub(super) async fn fetch(container: Container, number: u64) -> Result<Content, String> {
    let read = tokio::task::spawn_blocking(move || match container {
        Container::Local(path) => matroska::content(local(path)?, number, Reading::Whole),
        Container::Remote(remote) => {
            let is_small = remote.size() <= remote.allowance() / 2;
            let reading = if is_small { Reading::Whole } else { Reading::ByIndex };
            matroska::content(Reader::new(remote), number, reading)
        }
    });
    read.await.map_err(|error| error.to_string())?
}
