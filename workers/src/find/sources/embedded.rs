//! Text tracks inside the video file, in a library or behind HTTP. Does I/O.

use std::{fs::File, io::BufReader, path::PathBuf, sync::Arc};

use subtitle_contract::{job::Video, language::Language};
use url::Url;

use super::{
    amount::mark_handfuls,
    mounted::{Libraries, stamp},
};
use crate::{
    find::{
        content::{FetchedContent, TrackFile},
        error::{SourceError, SourceErrorKind},
        found::{FoundSubtitle, Origin, VideoLocation, VideoMatch},
        guard::GuardedClient,
        source::SourceId,
        video::{
            self, Reading, Track, VideoError,
            ranges::{Reader, Remote},
        },
    },
    subtitle::file::{self, Declared},
};

fn error(kind: SourceErrorKind, message: impl Into<String>) -> SourceError {
    SourceError::new(SourceId::Embedded, kind, message)
}

/// The text tracks of a video. Those whose language is not known, or not which variant of it, are looked into if none of the
/// others is what `languages` asks for first.
pub(in crate::find) async fn list(
    libraries: &Libraries,
    guarded: &GuardedClient,
    video: &Video,
    languages: &[Language],
) -> Result<Vec<FoundSubtitle>, SourceError> {
    let listed = match &video.url {
        Some(url) => list_remote(guarded, url).await?,
        None => list_local(libraries, video).await?,
    };
    let Some(wanted) = languages.first() else { return Ok(listed) };
    Ok(with_languages(listed, wanted).await)
}

async fn list_local(libraries: &Libraries, video: &Video) -> Result<Vec<FoundSubtitle>, SourceError> {
    let Some(file) = libraries.video_file(SourceId::Embedded, video).await? else { return Ok(Vec::new()) };
    let unreadable = || error(SourceErrorKind::Unavailable, format!("failed to look into '{}'", file.relative));
    let metadata = match tokio::fs::metadata(&file.path).await {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable().caused_by(error)),
    };
    let identity = format!("{}:{}:{}", file.library, file.relative, stamp(&metadata));
    let container = VideoLocation::Local(file.path.clone());
    let tracks = tracks(container.clone()).await.map_err(|error| unreadable().caused_by(error))?;
    Ok(found(&container, &identity, tracks))
}

async fn list_remote(guarded: &GuardedClient, url: &str) -> Result<Vec<FoundSubtitle>, SourceError> {
    let url = Url::parse(url)
        .map_err(|cause| error(SourceErrorKind::InvalidUrl, "failed to read video.url as a URL").caused_by(cause))?;
    let unreadable = |kind| error(kind, "failed to look into the video");
    let remote = Remote::open(guarded, &url).await.map_err(|error| unreadable(error.class()).caused_by(error))?;
    let (identity, container) = (remote.identity(), VideoLocation::Remote(Arc::new(remote)));
    let tracks = tracks(container.clone()).await;
    let tracks = tracks.map_err(|error| unreadable(SourceErrorKind::Unavailable).caused_by(error))?;
    Ok(found(&container, &identity, tracks))
}

fn found(container: &VideoLocation, identity: &str, tracks: Vec<Track>) -> Vec<FoundSubtitle> {
    let amounts: Vec<(u64, bool)> =
        tracks.iter().map(|track| (track.cues.unwrap_or(0), track.readable.is_ok())).collect();
    let found = |track: Track| FoundSubtitle {
        source: SourceId::Embedded,
        label: if track.name.is_empty() {
            format!("track {}", track.number)
        } else {
            format!("track {} '{}'", track.number, track.name)
        },
        language: track.language,
        forced: track.forced,
        hearing_impaired: track.hearing_impaired,
        is_commentary: track.is_commentary,
        is_machine_translated: false,
        identity: format!("{}:{identity}:{}", SourceId::Embedded, track.number),
        video_match: VideoMatch::ThisVideo { is_default: track.is_default },
        origin: track.readable.map(|()| Origin::Track { video: container.clone(), number: track.number }),
    };
    let mut found: Vec<FoundSubtitle> = tracks.into_iter().map(found).collect();
    mark_handfuls(&mut found, &amounts);
    found
}

/// Detects by its text the language of each track that does not say it, or not in which script it is, if what is wanted is
/// not there otherwise.
async fn with_languages(mut found: Vec<FoundSubtitle>, wanted: &Language) -> Vec<FoundSubtitle> {
    let is_vague = |one: &FoundSubtitle| {
        let is_unscripted = wanted.primary() == "zh" && wanted.as_str() != "zh" && one.language.as_str() == "zh";
        one.origin.is_ok() && (one.language.is_undetermined() || is_unscripted)
    };
    let is_dialogue = |one: &FoundSubtitle| one.origin.is_ok() && !one.forced && !one.is_commentary;
    if found.iter().any(|one| is_dialogue(one) && !is_vague(one) && wanted.accepts(&one.language)) {
        return found;
    }
    for one in found.iter_mut().filter(|one| is_vague(one)) {
        let Ok(Origin::Track { video, number }) = one.origin.clone() else { continue };
        // One that cannot be read stays as it is: fetching it says why.
        let Ok(track) = read(video, number, &one.language).await else { continue };
        let detected = file::read(track.text.as_bytes(), &Declared::default()).ok().and_then(|file| file.language);
        one.language = detected.map_or_else(|| one.language.clone(), |language| scripted(language, &track.text));
    }
    found
}

/// Chinese with its script, which its characters tell.
fn scripted(language: Language, text: &str) -> Language {
    if language.as_str() != "zh" {
        return language;
    }
    let count = |characters: &str| text.chars().filter(|character| characters.contains(*character)).count();
    let (simplified, traditional) = (count(SIMPLIFIED), count(TRADITIONAL));
    let tag = match (simplified, traditional) {
        (simplified, traditional) if simplified > traditional * 4 => "zh-Hans",
        (simplified, traditional) if traditional > simplified * 4 => "zh-Hant",
        _ => "zh",
    };
    Language::parse(tag).unwrap_or(language)
}

/// Common characters that only one of the two scripts has, in the same order.
const SIMPLIFIED: &str =
    "这来个国说们为时过学对么于还发当无开见经头从两长吗谁没话给让认识听边关门马东车书风飞鱼间问题现实点钱话";
const TRADITIONAL: &str =
    "這來個國說們為時過學對麼於還發當無開見經頭從兩長嗎誰沒話給讓認識聽邊關門馬東車書風飛魚間問題現實點錢話";

fn local(path: PathBuf) -> Result<BufReader<File>, VideoError> {
    Ok(BufReader::with_capacity(1 << 16, File::open(path)?))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, VideoError> + Send + 'static,
) -> Result<T, VideoError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| VideoError::Stopped(error.into()))?
}

async fn tracks(container: VideoLocation) -> Result<Vec<Track>, VideoError> {
    blocking(move || match container {
        VideoLocation::Local(path) => video::tracks(local(path)?),
        VideoLocation::Remote(remote) => video::tracks(Reader::new(remote)),
    })
    .await
}

/// A local file is read whole, whatever its index says; a remote one if that costs no more than reading by index.
async fn read(container: VideoLocation, number: u64, language: &Language) -> Result<TrackFile, VideoError> {
    let language = language.clone();
    blocking(move || match container {
        VideoLocation::Local(path) => video::content(local(path)?, number, Reading::Whole, &language),
        VideoLocation::Remote(remote) => {
            let is_small = remote.size() <= remote.allowance() / 2;
            let reading = if is_small { Reading::Whole } else { Reading::ByIndex };
            video::content(Reader::new(remote), number, reading, &language)
        }
    })
    .await
}

/// One track, as the file that it would be.
pub(in crate::find) async fn fetch(
    container: VideoLocation,
    number: u64,
    language: &Language,
) -> Result<FetchedContent, VideoError> {
    read(container, number, language).await.map(FetchedContent::Track)
}
