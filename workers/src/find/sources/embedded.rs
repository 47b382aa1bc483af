//! Text tracks inside the video file, in a library or behind HTTP. Does I/O.

use std::{io, sync::Arc};

use subtitle_contract::{job::Video, language::Language};
use url::Url;

use super::{
    amount::mark_handfuls,
    library::MOST_DETECTED,
    mounted::{Libraries, stamp},
};
use crate::{
    find::{
        budget::TaskBudget,
        error::{SourceError, SourceErrorKind},
        folder::blocking,
        found::{FoundSubtitle, Origin, VideoLocation, VideoMatch},
        guard::GuardedClient,
        parser::{ParseError, Parser},
        source::SourceId,
        video::{Track, ranges::Remote},
    },
    subtitle::file::Declared,
};

fn error(kind: SourceErrorKind, message: impl Into<String>) -> SourceError {
    SourceError::new(SourceId::Embedded, kind, message)
}

/// The text tracks of a video. Those whose language is not known, or not which variant of it, are looked into if none of the
/// others is what `languages` asks for first.
pub(in crate::find) async fn list(
    libraries: &Libraries,
    guarded: &GuardedClient,
    parser: &Parser,
    (video, budget): (&Video, &TaskBudget),
    languages: &[Language],
) -> Result<Vec<FoundSubtitle>, SourceError> {
    let listed = match &video.url {
        Some(url) => list_remote(guarded, parser, (url, budget)).await?,
        None => list_local(libraries, parser, video).await?,
    };
    let Some(wanted) = languages.first() else { return Ok(listed) };
    Ok(with_languages(parser, listed, wanted).await)
}

/// Another attempt may read what could not be read, unless reading it went over its limits.
fn unread(what: String) -> impl FnOnce(ParseError) -> SourceError {
    move |cause| {
        let kind = if cause.is_over_limits() { SourceErrorKind::File } else { SourceErrorKind::Unavailable };
        error(kind, what).caused_by(cause)
    }
}

async fn list_local(libraries: &Libraries, parser: &Parser, video: &Video) -> Result<Vec<FoundSubtitle>, SourceError> {
    let Some(video) = libraries.video_file(SourceId::Embedded, video).await? else { return Ok(Vec::new()) };
    let unreadable = || format!("failed to look into '{}'", video.relative);
    let file = video.file.clone();
    let metadata = match blocking(move || file.open()?.metadata()).await {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(error(SourceErrorKind::Unavailable, unreadable()).caused_by(cause)),
    };
    let identity = format!("{}:{}:{}", video.library, video.relative, stamp(&metadata));
    let container = VideoLocation::Local(video.file.clone());
    let tracks = parser.tracks(container.clone()).await.map_err(unread(unreadable()))?;
    Ok(found(&container, &identity, tracks))
}

async fn list_remote(
    guarded: &GuardedClient,
    parser: &Parser,
    (url, budget): (&str, &TaskBudget),
) -> Result<Vec<FoundSubtitle>, SourceError> {
    let url = Url::parse(url)
        .map_err(|cause| error(SourceErrorKind::InvalidUrl, "failed to read video.url as a URL").caused_by(cause))?;
    let unreadable = "failed to look into the video";
    let remote = Remote::open(guarded, &url, budget).await;
    let remote = remote.map_err(|cause| error(cause.class(), unreadable).caused_by(cause))?;
    let (identity, container) = (remote.identity(), VideoLocation::Remote(Arc::new(remote)));
    let tracks = parser.tracks(container.clone()).await.map_err(unread(unreadable.to_owned()))?;
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
async fn with_languages(parser: &Parser, mut found: Vec<FoundSubtitle>, wanted: &Language) -> Vec<FoundSubtitle> {
    let is_vague = |one: &FoundSubtitle| {
        let is_unscripted = wanted.primary() == "zh" && wanted.as_str() != "zh" && one.language.as_str() == "zh";
        one.origin.is_ok() && (one.language.is_undetermined() || is_unscripted)
    };
    let is_dialogue = |one: &FoundSubtitle| one.origin.is_ok() && !one.forced && !one.is_commentary;
    if found.iter().any(|one| is_dialogue(one) && !is_vague(one) && wanted.accepts(&one.language)) {
        return found;
    }
    for one in found.iter_mut().filter(|one| is_vague(one)).take(MOST_DETECTED) {
        let Ok(Origin::Track { video, number }) = one.origin.clone() else { continue };
        // One that cannot be read stays as it is: fetching it says why.
        let Ok(track) = parser.track(video, number, &one.language).await else { continue };
        let read = parser.text(track.text.clone().into(), &Declared::default()).await;
        let detected = read.ok().and_then(|read| read.language);
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
