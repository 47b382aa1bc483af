//! A library behind HTTP: a URL template with `{stem}` and `{language}`, such as
//! `https://subtitles.example/{stem}.{language}.srt`. 404 and 410 mean that the library has no such subtitle. Does I/O.

use futures::TryStreamExt as _;
use percent_encoding::percent_decode_str;
use reqwest::StatusCode;
use subtitle_contract::{job::Video, language::Language};
use url::Url;

use super::mounted::Libraries;
use crate::find::{
    budget::TaskBudget,
    error::{SourceError, SourceErrorKind},
    folder::written::Record,
    found::{FoundSubtitle, Origin, VideoMatch},
    source::SourceId,
};

/// The largest file that is read, in bytes.
const MAX_FILE_BYTES: usize = 10 << 20;

/// Tries the languages in order and returns the first hit; a listing already downloads the file, so later languages are not
/// tried.
pub(in crate::find) async fn list(
    libraries: &Libraries,
    (video, budget): (&Video, &TaskBudget),
    languages: &[Language],
) -> Result<Vec<FoundSubtitle>, SourceError> {
    let Some(template) = &libraries.url_template else { return Ok(Vec::new()) };
    let Some(stem) = stem(video) else { return Ok(Vec::new()) };
    for language in languages {
        let url = subtitle_url(template, &stem, language)?;
        if let Some(bytes) = get(&libraries.http, &url, budget).await? {
            let label = decoded(url.path_segments().and_then(Iterator::last).unwrap_or_default());
            let digest = crate::store::sha256(&bytes);
            let record = get(&libraries.http, &beside(&url, &Record::Translated.name(&label)), budget).await;
            let is_recorded = |record: Vec<u8>| record.trim_ascii() == digest.as_bytes();
            return Ok(vec![FoundSubtitle {
                source: SourceId::Library,
                label,
                language: language.clone(),
                forced: false,
                hearing_impaired: false,
                is_commentary: false,
                // A server that has no hidden files only leaves it unknown.
                is_machine_translated: record.ok().flatten().is_some_and(is_recorded),
                identity: format!("{}:{url}:{digest}", SourceId::Library),
                video_match: VideoMatch::ThisVideo { is_default: false },
                origin: Ok(Origin::Bytes(bytes.into())),
            }]);
        }
    }
    Ok(Vec::new())
}

/// The address of another file in the same folder.
fn beside(url: &Url, name: &str) -> Url {
    let mut other = url.clone();
    if let Ok(mut segments) = other.path_segments_mut() {
        segments.pop().push(name);
    }
    other
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The file's name without its extension, percent-decoded if it comes from a URL; falls back to the video's title.
fn stem(video: &Video) -> Option<String> {
    let name = match (&video.url, &video.path) {
        (Some(url), _) => Some(decoded(url.split(['?', '#']).next()?.rsplit('/').next()?)),
        (None, Some(path)) => Some(path.rsplit('/').next()?.to_owned()),
        (None, None) => None,
    };
    let stem = name.as_deref().map(|name| name.rsplit_once('.').map_or(name, |(stem, _)| stem));
    stem.filter(|stem| !stem.is_empty()).map(str::to_owned).or_else(|| video.title.clone())
}

fn unavailable(message: String) -> SourceError {
    SourceError::new(SourceId::Library, SourceErrorKind::Unavailable, message)
}

fn subtitle_url(template: &str, stem: &str, language: &Language) -> Result<Url, SourceError> {
    let encoded: String = url::form_urlencoded::byte_serialize(stem.as_bytes()).collect();
    let text = template.replace("{stem}", &encoded.replace('+', "%20")).replace("{language}", language.as_str());
    Url::parse(&text)
        .map_err(|error| unavailable("failed to build a URL from the library's template".to_owned()).caused_by(error))
}

async fn get(http: &reqwest::Client, url: &Url, budget: &TaskBudget) -> Result<Option<Vec<u8>>, SourceError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let to_error = |attempt: &str, error: reqwest::Error| {
        unavailable(format!("failed to {attempt} {host}")).caused_by(error.without_url())
    };
    let over_budget = |over| SourceError::over_budget(SourceId::Library, over);
    budget.take_request().map_err(over_budget)?;
    let response = http.get(url.clone()).send().await.map_err(|error| to_error("reach", error))?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        status if !status.is_success() => return Err(unavailable(format!("{host} answered {status}"))),
        _ => {}
    }
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.try_next().await.map_err(|error| to_error("read the response from", error))? {
        budget.take_bytes(piece.len() as u64).map_err(over_budget)?;
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_FILE_BYTES {
            return Err(unavailable(format!("{host} sent more than {MAX_FILE_BYTES} bytes")));
        }
    }
    Ok(Some(bytes))
}
