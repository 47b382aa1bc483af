//! A subtitle file in the object store: what a source or an engine delivered comes in, the file with its result goes out.
//! Does I/O.

use subtitle_contract::{event::Event, job::JobResult, language::Language, reason::Reason};

use crate::{
    failure::Failure,
    store::{Store, sha256},
    subtitle::{Format, Subtitle, Warning, Written},
};

/// A file in the store.
#[derive(Clone, Debug)]
pub struct StoreArtifact {
    /// UTF-8, LF.
    pub text: String,
    /// The format of `text`.
    pub format: Format,
    /// Everything that a result says but the URL.
    pub result: JobResult,
}

/// The key, in a namespace, of the bytes that `identity` stands for.
pub fn key(namespace: &str, kind: &str, identity: &str, format: Format) -> String {
    format!("{namespace}/{kind}/{}.{}", &sha256(identity.as_bytes())[..40], format.extension())
}

/// Reads a stored file.
pub async fn read(store: &Store, key: &str) -> Result<Option<(String, Subtitle)>, Failure> {
    let Some(bytes) = store.read(key).await? else { return Ok(None) };
    let text = String::from_utf8(bytes.to_vec())
        .map_err(|_| Failure::new(Reason::UnusableSubtitle, format!("'{key}' in the store is not UTF-8")))?;
    let subtitle = Subtitle::read(&text).map_err(|error| Failure::new(Reason::UnusableSubtitle, error))?;
    Ok(Some((text, subtitle)))
}

/// Reads a stored file, with its result.
pub async fn stored(store: &Store, key: &str, language: &Language) -> Result<Option<StoreArtifact>, Failure> {
    let read = read(store, key).await?;
    Ok(read.map(|(text, subtitle)| artifact(text, &subtitle, subtitle.format, key, language)))
}

fn artifact(text: String, subtitle: &Subtitle, format: Format, key: &str, language: &Language) -> StoreArtifact {
    let result = JobResult {
        key: key.to_owned(),
        language: language.to_string(),
        format: format.name().to_owned(),
        cues: u32::try_from(subtitle.cues.len()).unwrap_or(u32::MAX),
        sha256: sha256(text.as_bytes()),
        ..JobResult::default()
    };
    StoreArtifact { text, format, result }
}

/// The failure of a conversion.
pub(crate) fn unconverted(format: Format, why: impl std::fmt::Display) -> Failure {
    Failure::new(Reason::UnusableSubtitle, format!("failed to convert to {format}: {why}"))
}

/// Writes `subtitle` to the store; a file that already exists under the key stays, and is returned.
pub async fn store(
    store: &Store,
    key: &str,
    subtitle: &Subtitle,
    format: Format,
    language: &Language,
) -> Result<StoreArtifact, Failure> {
    let Written { text, losses } = subtitle.write(format);
    for Warning { code, message, .. } in losses {
        tracing::warn!(key, %code, %message, "the conversion lost something");
    }
    if format != subtitle.format {
        Subtitle::read(&text).map_err(|error| unconverted(format, error))?;
    }
    if store.create(key, text.clone().into()).await? {
        return Ok(artifact(text, subtitle, format, key, language));
    }
    let existing = stored(store, key, language).await?;
    existing.ok_or_else(|| Failure::new(Reason::StoreUnavailable, format!("'{key}' disappeared from the store")))
}

fn translation_mark(namespace: &str, sha256: &str) -> String {
    format!("{namespace}/translations/{sha256}")
}

/// Records that this text is a translation by an engine, so that it is known again wherever a library has it.
pub async fn mark_translated(store: &Store, namespace: &str, sha256: &str) -> Result<(), Failure> {
    store.create(&translation_mark(namespace, sha256), bytes::Bytes::new()).await?;
    Ok(())
}

/// Whether these bytes are a translation that was made for a job of the namespace.
pub async fn is_translated(store: &Store, namespace: &str, bytes: &[u8]) -> Result<bool, Failure> {
    Ok(store.read(&translation_mark(namespace, &sha256(bytes))).await?.is_some())
}

/// The address of a job's file at this system's API.
pub fn download_url(public_url: &str, task: &Event) -> String {
    format!("{}/subtitles/{}/file", public_url.trim_end_matches('/'), task.job_id)
}
