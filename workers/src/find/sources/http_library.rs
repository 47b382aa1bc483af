//! A library behind HTTP: a URL template with `{stem}` and `{language}`, such as
//! `https://subtitles.example/{stem}.{language}.srt`. 404 and 410 mean that it has none. Does I/O.

use futures::TryStreamExt as _;
use percent_encoding::percent_decode_str;
use reqwest::StatusCode;
use subtitle_contract::{job::Video, language::Language};
use url::Url;

use super::mounted::Libraries;
use crate::find::{
    error::{SourceError, SourceErrorKind},
    found::{FoundSubtitle, Origin, VideoMatch},
    source::SourceId,
};

/// The largest file that is read, in bytes.
const LARGEST_FILE: usize = 10 << 20;

/// Asks language by language and stops at the first file: every answer is a download.
pub(in crate::find) async fn list(
    libraries: &Libraries,
    video: &Video,
    languages: &[Language],
) -> Result<Vec<FoundSubtitle>, SourceError> {
    let Some(template) = &libraries.url_template else { return Ok(Vec::new()) };
    let Some(stem) = stem(video) else { return Ok(Vec::new()) };
    for language in languages {
        let url = address(template, &stem, language)?;
        if let Some(bytes) = get(&libraries.http, &url).await? {
            let label = decoded(url.path_segments().and_then(Iterator::last).unwrap_or_default());
            return Ok(vec![FoundSubtitle {
                source: SourceId::Library,
                label,
                language: language.clone(),
                forced: false,
                hearing_impaired: false,
                is_commentary: false,
                is_machine_translated: false,
                identity: format!("{}:{url}:{}", SourceId::Library, crate::store::sha256(&bytes)),
                video_match: VideoMatch::ThisVideo { is_default: false },
                origin: Ok(Origin::Bytes(bytes.into())),
            }]);
        }
    }
    Ok(Vec::new())
}

fn decoded(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

/// The file's name without its extension, as a person reads it: a URL's is decoded, a path's is as it is.
fn stem(video: &Video) -> Option<String> {
    let name = match (&video.url, &video.path) {
        (Some(url), _) => decoded(url.split(['?', '#']).next()?.rsplit('/').next()?),
        (None, Some(path)) => path.rsplit('/').next()?.to_owned(),
        (None, None) => String::new(),
    };
    let stem = name.rsplit_once('.').map_or(name.as_str(), |(stem, _)| stem);
    Some(if stem.is_empty() { video.title.clone()? } else { stem.to_owned() })
}

fn unavailable(message: String) -> SourceError {
    SourceError::new(SourceId::Library, SourceErrorKind::Unavailable, message)
}

fn address(template: &str, stem: &str, language: &Language) -> Result<Url, SourceError> {
    let encoded: String = url::form_urlencoded::byte_serialize(stem.as_bytes()).collect();
    let text = template.replace("{stem}", &encoded.replace('+', "%20")).replace("{language}", language.as_str());
    Url::parse(&text)
        .map_err(|error| unavailable("failed to build a URL from the library's template".to_owned()).caused_by(error))
}

async fn get(http: &reqwest::Client, url: &Url) -> Result<Option<Vec<u8>>, SourceError> {
    let host = url.host_str().unwrap_or_default().to_owned();
    let unreachable =
        |error: reqwest::Error| unavailable(format!("failed to reach {host}")).caused_by(error.without_url());
    let response = http.get(url.clone()).send().await.map_err(unreachable)?;
    match response.status() {
        StatusCode::NOT_FOUND | StatusCode::GONE => return Ok(None),
        status if !status.is_success() => return Err(unavailable(format!("{host} answered {status}"))),
        _ => {}
    }
    let mut bytes = Vec::new();
    let mut stream = response.bytes_stream();
    while let Some(piece) = stream.try_next().await.map_err(unreachable)? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > LARGEST_FILE {
            return Err(unavailable(format!("{host} sent more than {LARGEST_FILE} bytes")));
        }
    }
    Ok(Some(bytes))
}
