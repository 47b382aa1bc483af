//! Where subtitles come from: what was asked comes in, candidates go out, and the chosen one's bytes. Each source
//! lists what it has (cheap) and fetches one (dear). Does I/O, except `select` and `sidecar_name`.

mod embedded;
mod http;
mod library;
mod matroska;
pub mod movie_hash;
pub mod release;
pub mod select;
pub mod sidecar_name;
pub mod simulated;

use std::{collections::BTreeMap, path::PathBuf};

use subtitle_core::{job::Video, language::Language};

use crate::subtitle::Cue;

/// One subtitle that a source has.
#[derive(Clone, Debug)]
pub struct Found {
    /// The source's name.
    pub source: &'static str,
    /// What the source calls it, such as `harbour.en.srt` or `track 3`.
    pub label: String,
    /// Its language.
    pub language: Language,
    /// Foreign-language parts only.
    pub forced: bool,
    /// Describes sounds and speakers.
    pub hearing_impaired: bool,
    /// Identifies the bytes: changes when they do, and is the same for every job.
    pub identity: String,
    /// Where its bytes are; none for what cannot be read as text, with the reason.
    pub origin: Result<Origin, String>,
}

/// Where a found subtitle's bytes are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A file beside the video.
    File(PathBuf),
    /// A text track of a Matroska file.
    Track {
        /// The video.
        file: PathBuf,
        /// Its number in the file.
        number: u64,
    },
    /// Already here.
    Bytes(bytes::Bytes),
}

/// What a fetch gives.
pub enum Content {
    /// A file's bytes, charset unknown.
    Bytes(Vec<u8>),
    /// A track's cues.
    Cues(Vec<Cue>),
}

/// A source could not be asked, which is not the same as having nothing.
#[derive(Debug, thiserror::Error)]
#[error("failed to ask the source '{source_name}': {message}")]
pub struct SourceError {
    /// Which one.
    pub source_name: &'static str,
    /// What happened.
    pub message: String,
}

/// What sources need to know of this machine.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Mounted libraries by name.
    pub libraries: BTreeMap<String, PathBuf>,
    /// A URL template with `{stem}` and `{language}`, asked after the directory.
    pub library_url: Option<String>,
    /// For `library_url`.
    pub http: reqwest::Client,
    /// How the simulated source behaves.
    pub simulation: simulated::Simulation,
}

/// Where a video is, once its library is known.
#[derive(Clone, Debug)]
struct VideoFile {
    library: String,
    relative: String,
    folder: PathBuf,
    path: PathBuf,
}

impl VideoFile {
    /// The file name without its last extension.
    fn stem(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Sources {
    /// What `source` has for this video in any of `languages`; sources that see every language at no cost list
    /// the others too.
    pub async fn list(
        &self,
        source: &'static str,
        video: &Video,
        languages: &[Language],
        seed: &str,
    ) -> Result<Vec<Found>, SourceError> {
        match source {
            "embedded" => embedded::list(self, video).await,
            "library" => {
                let mut found = library::list(self, video).await?;
                if !found.iter().any(|one| languages.first().is_some_and(|wanted| wanted.accepts(&one.language))) {
                    found.extend(http::list(self, video, languages).await?);
                }
                Ok(found)
            }
            _ => simulated::list(self.simulation, video, languages, seed).await,
        }
    }

    /// The bytes or cues of one.
    pub async fn fetch(&self, found: &Found) -> Result<Content, SourceError> {
        let failed = |message: String| SourceError { source_name: found.source, message };
        match found.origin.clone().map_err(failed)? {
            Origin::Bytes(bytes) => Ok(Content::Bytes(bytes.to_vec())),
            Origin::File(path) => tokio::fs::read(&path)
                .await
                .map(Content::Bytes)
                .map_err(|error| failed(format!("reading {} gave: {error}", found.label))),
            Origin::Track { file, number } => {
                let cues = tokio::task::spawn_blocking(move || matroska::cues(&file, number)).await;
                cues.map_err(|error| failed(error.to_string()))?.map(Content::Cues).map_err(failed)
            }
        }
    }

    /// The video's place in its library; none for a video without a path.
    async fn video_file(&self, source_name: &'static str, video: &Video) -> Result<Option<VideoFile>, SourceError> {
        let Some(relative) = &video.path else { return Ok(None) };
        let failed = |message: String| SourceError { source_name, message };
        let Some(root) = self.libraries.get(&video.library) else {
            let known: Vec<&str> = self.libraries.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(failed(format!(
                "library '{}' is not mounted in this worker, which has: {known}",
                video.library
            )));
        };
        let path = root.join(relative);
        let folder = path.parent().unwrap_or(root).to_path_buf();
        let unreadable = |what: &std::path::Path, error| failed(format!("{} cannot be read: {error}", what.display()));
        let real_root = tokio::fs::canonicalize(root).await.map_err(|error| unreadable(root, error))?;
        match tokio::fs::canonicalize(&folder).await {
            Ok(real) if real.starts_with(&real_root) => {
                Ok(Some(VideoFile { library: video.library.clone(), relative: relative.clone(), folder: real, path }))
            }
            Ok(_) => Err(failed(format!("'{relative}' leads out of library '{}'", video.library))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&folder, error)),
        }
    }

    /// Whether the video itself is missing from its library, for a message that says so.
    pub async fn is_missing(&self, video: &Video) -> bool {
        match self.video_file("library", video).await {
            Ok(Some(file)) => !tokio::fs::try_exists(&file.path).await.unwrap_or(true),
            Ok(None) => video.path.is_some(),
            Err(_) => false,
        }
    }

    /// Where a sidecar in `language` belongs; none for a video without a path.
    pub async fn sidecar_path(
        &self,
        video: &Video,
        language: &Language,
        extension: &str,
    ) -> Result<Option<PathBuf>, SourceError> {
        let file = self.video_file("library", video).await?;
        Ok(file.map(|file| file.folder.join(format!("{}.{language}.{extension}", file.stem()))))
    }
}

/// What makes a file's bytes the same bytes, without reading them: size and time of change.
fn stamp(metadata: &std::fs::Metadata) -> String {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{}:{}", metadata.len(), changed.unwrap_or_default().as_nanos())
}
