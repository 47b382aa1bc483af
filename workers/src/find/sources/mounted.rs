//! The libraries of this worker: a video's library and path come in, its file goes out. Does I/O.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use subtitle_contract::{job::Video, language::Language};

use crate::find::{
    error::{SourceError, SourceErrorKind},
    source::SourceId,
};

/// The libraries of this worker.
#[derive(Clone, Debug)]
pub struct Libraries {
    /// The folders of mounted libraries, by name.
    pub mounted: BTreeMap<String, PathBuf>,
    /// The URL template of a library behind HTTP, with `{stem}` and `{language}`; asked after the mounted library.
    pub url_template: Option<String>,
    /// For `url_template`.
    pub http: reqwest::Client,
}

/// A video in a mounted library.
#[derive(Clone, Debug)]
pub(in crate::find) struct VideoFile {
    pub(in crate::find) library: String,
    pub(in crate::find) relative: String,
    pub(in crate::find) folder: PathBuf,
    pub(in crate::find) path: PathBuf,
}

impl VideoFile {
    /// The file name without its last extension.
    pub(in crate::find) fn stem(&self) -> String {
        self.path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }
}

impl Libraries {
    /// The video's file, for `source`; `None` for a video without a path.
    pub(in crate::find) async fn video_file(
        &self,
        source: SourceId,
        video: &Video,
    ) -> Result<Option<VideoFile>, SourceError> {
        let Some(relative) = &video.path else { return Ok(None) };
        let unavailable = |message: String| SourceError::new(source, SourceErrorKind::Unavailable, message);
        let Some(root) = self.mounted.get(&video.library) else {
            let known: Vec<&str> = self.mounted.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(unavailable(format!(
                "library '{}' is not mounted in this worker, which has: {known}",
                video.library
            )));
        };
        let path = root.join(relative);
        let folder = path.parent().unwrap_or(root).to_path_buf();
        let unreadable = |folder: &Path, error: io::Error| {
            unavailable(format!("failed to open the folder '{}'", folder.display())).caused_by(error)
        };
        let real_root = tokio::fs::canonicalize(root).await.map_err(|error| unreadable(root, error))?;
        match tokio::fs::canonicalize(&folder).await {
            Ok(real) if real.starts_with(&real_root) => {
                Ok(Some(VideoFile { library: video.library.clone(), relative: relative.clone(), folder: real, path }))
            }
            Ok(_) => Err(unavailable(format!("'{relative}' leads out of library '{}'", video.library))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(&folder, error)),
        }
    }

    /// Whether the video itself is missing from its library.
    pub async fn is_missing(&self, video: &Video) -> bool {
        match self.video_file(SourceId::Library, video).await {
            Ok(Some(file)) => !tokio::fs::try_exists(&file.path).await.unwrap_or(true),
            Ok(None) => video.path.is_some(),
            Err(_) => false,
        }
    }

    /// The path of a sidecar in `language`; `None` for a video without a path.
    pub async fn sidecar_path(
        &self,
        video: &Video,
        language: &Language,
        extension: &str,
    ) -> Result<Option<PathBuf>, SourceError> {
        let file = self.video_file(SourceId::Library, video).await?;
        Ok(file.map(|file| file.folder.join(format!("{}.{language}.{extension}", file.stem()))))
    }
}

/// Changes when a file changes, without reading it: size and modification time.
pub(super) fn stamp(metadata: &std::fs::Metadata) -> String {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{}:{}", metadata.len(), changed.unwrap_or_default().as_nanos())
}
