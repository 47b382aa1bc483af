//! Text tracks inside the video file.

use subtitle_core::job::Video;

use super::{Found, SourceError, Sources, matroska, stamp};

const NAME: &str = "embedded";

pub(super) async fn list(sources: &Sources, video: &Video) -> Result<Vec<Found>, SourceError> {
    let Some(file) = sources.video_file(NAME, video).await? else { return Ok(Vec::new()) };
    let failed = |message: String| SourceError { source_name: NAME, message };
    let metadata = match tokio::fs::metadata(&file.path).await {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(format!("{} cannot be read: {error}", file.relative))),
    };
    let identity = format!("{NAME}:{}:{}:{}", file.library, file.relative, stamp(&metadata));
    let path = file.path.clone();
    let tracks = tokio::task::spawn_blocking(move || matroska::tracks(&path))
        .await
        .map_err(|error| failed(error.to_string()))?
        .map_err(|message| failed(format!("{}: {message}", file.relative)))?;
    let found = |track: matroska::Track| Found {
        source: NAME,
        label: format!("track {}", track.number),
        language: track.language,
        forced: track.forced,
        hearing_impaired: track.hearing_impaired,
        identity: format!("{identity}:{}", track.number),
        origin: track.readable.map(|()| super::Origin::Track { file: file.path.clone(), number: track.number }),
    };
    Ok(tracks.into_iter().map(found).collect())
}
