//! The libraries of this worker: a video's library and path come in, its file goes out. Does I/O.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
};

use subtitle_contract::{
    job::{SubtitleJobSpec, Video},
    language::Language,
    library::{LibraryDenied, LibraryRules},
};

use crate::find::{
    error::{SourceError, SourceErrorKind},
    folder::{Entry, Folder, LibraryFile, Links, blocking},
    names::is_video,
    source::SourceId,
};

/// The libraries of this worker.
#[derive(Clone, Debug)]
pub struct Libraries {
    /// The folders of mounted libraries, by name.
    pub mounted: BTreeMap<String, PathBuf>,
    /// Which namespaces may use which.
    rules: LibraryRules,
    links: Links,
    /// The URL template of a library behind HTTP, with `{stem}` and `{language}`; asked after the mounted library.
    pub(super) url_template: Option<String>,
    /// For `url_template`.
    pub(super) http: reqwest::Client,
}

/// Why a library cannot be scanned.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LibraryUnavailable {
    /// The rules of the installation.
    #[error(transparent)]
    Denied(#[from] LibraryDenied),
    /// The worker does not have it.
    #[error("library '{0}' is not mounted in this worker")]
    NotMounted(String),
    /// Its root.
    #[error("failed to open the library '{library}'")]
    Unreadable { library: String, source: io::Error },
}

/// A video in a mounted library, which need not exist.
#[derive(Clone, Debug)]
pub(in crate::find) struct VideoFile {
    pub(in crate::find) library: String,
    pub(in crate::find) relative: String,
    pub(in crate::find) file: LibraryFile,
}

/// The file name without its last extension.
fn stem(file: &LibraryFile) -> String {
    Path::new(file.name()).file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

impl VideoFile {
    /// The file name without its last extension.
    pub(in crate::find) fn stem(&self) -> String {
        stem(&self.file)
    }
}

impl Libraries {
    /// Libraries that every namespace may use, by their names.
    pub fn new(mounted: BTreeMap<String, PathBuf>, url_template: Option<String>, http: reqwest::Client) -> Self {
        Self { mounted, rules: LibraryRules::default(), links: Links::Refused, url_template, http }
    }

    /// The same libraries for the namespaces that `rules` name.
    #[must_use]
    pub fn with_rules(self, rules: LibraryRules) -> Self {
        Self { rules, ..self }
    }

    /// The same libraries, in which links are followed or not.
    #[must_use]
    pub fn with_links(self, links: Links) -> Self {
        Self { links, ..self }
    }

    /// Whether a job of `namespace` may use its library as its spec asks for.
    pub fn check(&self, namespace: &str, spec: &SubtitleJobSpec) -> Result<(), LibraryDenied> {
        self.rules.check(namespace, spec)
    }

    /// The video's file, for `source`; `None` for a video without a path, or in a folder that does not exist.
    pub(in crate::find) async fn video_file(
        &self,
        source: SourceId,
        video: &Video,
    ) -> Result<Option<VideoFile>, SourceError> {
        let Some(relative) = &video.path else { return Ok(None) };
        let unavailable = |message: String| SourceError::new(source, SourceErrorKind::Unavailable, message);
        let Some(root) = self.mounted.get(&video.library).cloned() else {
            let known: Vec<&str> = self.mounted.keys().map(String::as_str).collect();
            let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
            return Err(unavailable(format!(
                "library '{}' is not mounted in this worker, which has: {known}",
                video.library
            )));
        };
        let (library, links) = (video.library.clone(), self.links);
        let unreadable = |what: String| move |error: io::Error| unavailable(what).caused_by(error);
        let root = blocking(move || Folder::root(&root, links)).await;
        let root = root.map_err(unreadable(format!("failed to open the library '{library}'")))?;
        let path = PathBuf::from(relative);
        let found = blocking(move || {
            let folder = root.below(path.parent().unwrap_or(Path::new("")))?;
            let name = path.file_name().ok_or_else(|| io::Error::other("it names no file"))?;
            Ok(folder.file(&name.to_string_lossy()))
        });
        match found.await {
            Ok(file) => Ok(Some(VideoFile { library, relative: relative.clone(), file })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(unreadable(format!("failed to open the folder of '{relative}'"))(error)),
        }
    }

    /// A library for a scan: its root, and the folder below it that jobs of `namespace` are confined to, empty for all.
    pub(crate) async fn root_for(
        &self,
        namespace: &str,
        library: &str,
    ) -> Result<(Folder, String), LibraryUnavailable> {
        let confined_to = self.rules.readable_folder(namespace, library)?;
        let not_mounted = || LibraryUnavailable::NotMounted(library.to_owned());
        let (path, links) = (self.mounted.get(library).cloned().ok_or_else(not_mounted)?, self.links);
        let unreadable = |source| LibraryUnavailable::Unreadable { library: library.to_owned(), source };
        let root = blocking(move || Folder::root(&path, links)).await.map_err(unreadable)?;
        Ok((root, confined_to))
    }

    /// Whether the video itself is missing from its library.
    pub async fn is_missing(&self, video: &Video) -> bool {
        match self.video_file(SourceId::Library, video).await {
            Ok(Some(VideoFile { file, .. })) => {
                let entry = blocking(move || file.folder().entry(file.name())).await;
                entry.is_ok_and(|entry| entry == Entry::Missing)
            }
            Ok(None) => video.path.is_some(),
            Err(_) => false,
        }
    }

    /// The sidecar in `language` of a video, which need not exist; `None` for a video that is no file in a library.
    pub(crate) async fn sidecar(
        &self,
        video: &Video,
        language: &Language,
        extension: &str,
    ) -> Result<Option<LibraryFile>, SourceError> {
        let Some(VideoFile { file, .. }) = self.video_file(SourceId::Library, video).await? else { return Ok(None) };
        let name = format!("{}.{language}.{extension}", stem(&file));
        let is_there = is_video(file.name()) && {
            let video = file.clone();
            blocking(move || video.open()).await.is_ok()
        };
        Ok(is_there.then(|| file.folder().file(&name)))
    }
}

/// Changes when a file changes, without reading it: size and modification time.
pub(super) fn stamp(metadata: &std::fs::Metadata) -> String {
    let changed = metadata.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!("{}:{}", metadata.len(), changed.unwrap_or_default().as_nanos())
}
