//! From what a source or engine gave to what a job ends with: a file in the store and, when asked, beside the
//! video.

use subtitle_contract::{
    event::Event,
    job::{JobResult, Sidecar, SubtitleJobSpec},
    language::Language,
    reason::Reason,
};

use crate::{
    failure::Failure,
    find::{Sources, machine_mark},
    store::{Store, StoreError, sha256},
    subtitle::{Format, Subtitle, Warning, Written},
};

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Reason::StoreUnavailable, error)
    }
}

/// A file as it is stored: its bytes and what is known of it.
pub struct Artefact {
    /// UTF-8, LF.
    pub text: String,
    /// Everything a result says but the URL.
    pub result: JobResult,
}

/// The key of the bytes that `identity` stands for, in a namespace.
pub fn key(namespace: &str, kind: &str, identity: &str, format: Format) -> String {
    format!("{namespace}/{kind}/{}.{}", &sha256(identity.as_bytes())[..40], format.extension())
}

/// Reads a stored file back.
pub async fn read(store: &Store, key: &str) -> Result<Option<(String, Subtitle)>, Failure> {
    let Some(bytes) = store.read(key).await? else { return Ok(None) };
    let text = String::from_utf8(bytes.to_vec())
        .map_err(|_| Failure::new(Reason::UnusableSubtitle, format!("'{key}' in the store is no UTF-8")))?;
    let subtitle = Subtitle::read(&text).map_err(|error| Failure::new(Reason::UnusableSubtitle, error))?;
    Ok(Some((text, subtitle)))
}

/// Reads a stored file back as an artefact.
pub async fn stored(store: &Store, key: &str, language: &Language) -> Result<Option<Artefact>, Failure> {
    let read = read(store, key).await?;
    Ok(read.map(|(text, subtitle)| described(text, &subtitle, subtitle.format, key, language)))
}

fn described(text: String, subtitle: &Subtitle, format: Format, key: &str, language: &Language) -> Artefact {
    let result = JobResult {
        key: key.to_owned(),
        language: language.to_string(),
        format: format.name().to_owned(),
        cues: u32::try_from(subtitle.cues.len()).unwrap_or(u32::MAX),
        sha256: sha256(text.as_bytes()),
        ..JobResult::default()
    };
    Artefact { text, result }
}

/// Writes `subtitle` to the store unless the key exists, in which case what is there stands.
pub async fn store(
    store: &Store,
    key: &str,
    subtitle: &Subtitle,
    format: Format,
    language: &Language,
) -> Result<Artefact, Failure> {
    let Written { text, losses } = subtitle.write(format);
    for Warning { code, message, .. } in losses {
        tracing::warn!(key, %code, %message, "the conversion lost something");
    }
    if store.create(key, text.clone().into()).await? {
        return Ok(described(text, subtitle, format, key, language));
    }
    let existing = stored(store, key, language).await?;
    existing.ok_or_else(|| Failure::new(Reason::StoreUnavailable, format!("'{key}' vanished from the store")))
}

/// This system's own address of a job's file.
pub fn download_url(public_url: &str, task: &Event) -> String {
    format!("{}/subtitles/{}/file", public_url.trim_end_matches('/'), task.job_id)
}

/// Who wrote a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Whoever the source has it from.
    Unknown,
    /// This system's engines.
    Machine,
}

/// Writes the sidecar if the job asks for one, to a temporary name first: a player never sees half a file.
pub async fn write_sidecar(
    sources: &Sources,
    spec: &SubtitleJobSpec,
    artefact: &Artefact,
    language: &Language,
    author: Author,
) -> Result<(), Failure> {
    let failed = |message: String| Failure::new(Reason::SidecarNotWritten, message);
    if spec.output.sidecar == Sidecar::Never {
        return Ok(());
    }
    let is_written = |format: &Format| artefact.result.format == format.name();
    let format = [Format::WebVtt, Format::Ass].into_iter().find(is_written).unwrap_or(Format::Srt);
    let path = sources
        .sidecar_path(&spec.video, language, format.extension())
        .await
        .map_err(|error| failed(error.to_string()))?;
    let path = path.ok_or_else(|| failed("spec.output.sidecar needs a video.path whose folder exists".to_owned()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    if spec.output.sidecar == Sidecar::IfAbsent && tokio::fs::try_exists(&path).await.unwrap_or(false) {
        return Ok(());
    }
    let unfinished = path.with_file_name(format!(".{name}.{}", uuid::Uuid::now_v7().simple()));
    let written = async {
        match author {
            Author::Machine => machine_mark::set(&path, artefact.text.as_bytes()).await?,
            Author::Unknown => machine_mark::clear(&path).await,
        }
        tokio::fs::write(&unfinished, &artefact.text).await?;
        tokio::fs::rename(&unfinished, &path).await
    };
    let written = written.await;
    if written.is_err() {
        let _ = tokio::fs::remove_file(&unfinished).await;
    }
    written.map_err(|error| failed(format!("writing {name} beside the video gave: {error}")))
}
