//! What is mounted in this worker: a video's library and path come in, its place on this machine goes out. Does I/O.

use std::{collections::BTreeMap, path::PathBuf};

use subtitle_contract::{job::Video, language::Language};

use super::{SourceError, Trouble, simulated};

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
pub(super) struct VideoFile {
    pub(super) library: String,
    pub(super) relative: String,
    pub(super) folder: PathBuf,
    pub(super) path: PathBuf,
}

impl VideoFile {
    /// The file name without its last extension.
    pub(super) fn stem(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Sources {
    /// The video's place in its library; none for a video without a path.
    pub(super) async fn video_file(
        &self,
        source_name: &'static str,
        video: &Video,
    ) -> Result<Option<VideoFile>, SourceError> {
        let Some(relative) = &video.path else { return Ok(None) };
        let failed = |message: String| SourceError::new(source_name, Trouble::Unavailable, message);
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
pub(super) fn stamp(metadata: &std::fs::Metadata) -> String {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{}:{}", metadata.len(), changed.unwrap_or_default().as_nanos())
}
