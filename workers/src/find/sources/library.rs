//! Files beside the video, and in folders of subtitles beside it as release groups make them. Does I/O.

use std::path::{Path, PathBuf};

use subtitle_contract::{job::Video, language::Language};

use super::{
    amount::mark_handfuls,
    machine_mark,
    mounted::{Libraries, VideoFile, stamp},
};
use crate::{
    find::{
        error::{SourceError, SourceErrorKind},
        found::{FoundSubtitle, Origin, VideoMatch},
        names::{SidecarName, Stems, in_folder},
        source::SourceId,
    },
    subtitle::file::{self, Declared},
};

/// The most files whose language is detected by their text.
const MOST_DETECTED: usize = 16;
/// The largest file that is read for that, in bytes.
const LARGEST: u64 = 4 << 20;

/// A file that belongs to the video.
struct Sidecar {
    /// Its path below the video's folder, with `/`.
    label: String,
    path: PathBuf,
    name: SidecarName,
}

/// The sidecars of a video.
pub(in crate::find) async fn list(libraries: &Libraries, video: &Video) -> Result<Vec<FoundSubtitle>, SourceError> {
    let Some(file) = libraries.video_file(SourceId::Library, video).await? else { return Ok(Vec::new()) };
    let mut sidecars = sidecars(&file).await?;
    sidecars.sort_by(|one, other| one.label.cmp(&other.label));
    let (mut found, mut amounts, mut detected) = (Vec::new(), Vec::new(), 0);
    for Sidecar { label, path, name } in sidecars {
        let Ok(metadata) = tokio::fs::metadata(&path).await else { continue };
        let folder = file.relative.rsplit_once('/').map_or("", |(folder, _)| folder);
        let identity = format!("{}:{}:{folder}/{label}:{}", SourceId::Library, file.library, stamp(&metadata));
        let mut language = name.language;
        if language.is_undetermined() && detected < MOST_DETECTED && metadata.len() <= LARGEST {
            detected += 1;
            language = by_text(&path).await.unwrap_or(language);
        }
        // Formats differ in what they spend on a cue.
        amounts.push((metadata.len(), path.extension().map(ToOwned::to_owned)));
        found.push(FoundSubtitle {
            source: SourceId::Library,
            label,
            language,
            forced: name.forced,
            hearing_impaired: name.hearing_impaired,
            is_commentary: name.is_commentary,
            is_machine_translated: machine_mark::is_set(&path).await,
            identity,
            video_match: VideoMatch::ThisVideo { is_default: false },
            origin: Ok(Origin::File(path)),
        });
    }
    mark_handfuls(&mut found, &amounts);
    Ok(found)
}

/// The language that a file's text is certainly in.
async fn by_text(path: &Path) -> Option<Language> {
    let bytes = tokio::fs::read(path).await.ok()?;
    file::read(&bytes, &Declared::default()).ok()?.language
}

async fn sidecars(video: &VideoFile) -> Result<Vec<Sidecar>, SourceError> {
    let entries = names(&video.folder).await?;
    let stems = Stems::new(&video.stem(), entries.iter().map(|(name, _)| name.as_str()));
    let mut sidecars = Vec::new();
    let is_only = stems.is_only_video();
    for (name, is_folder) in entries {
        let path = video.folder.join(&name);
        if !is_folder {
            sidecars.extend(stems.read(&name).map(|read| Sidecar { label: name, path, name: read }));
        } else if in_folder(&name) {
            for (inner, is_folder) in names(&path).await? {
                let inner_path = path.join(&inner);
                if is_folder && stems.is_own_folder(&inner) {
                    let files = names(&inner_path).await?;
                    sidecars.extend(files.into_iter().filter(|(_, is_folder)| !is_folder).filter_map(|(file, _)| {
                        let read = stems.read_inside(&file, true)?;
                        Some(Sidecar {
                            label: format!("{name}/{inner}/{file}"),
                            path: inner_path.join(&file),
                            name: read,
                        })
                    }));
                } else if !is_folder && let Some(read) = stems.read_inside(&inner, is_only) {
                    sidecars.push(Sidecar { label: format!("{name}/{inner}"), path: inner_path, name: read });
                }
            }
        }
    }
    Ok(sidecars)
}

/// The names in a folder, and whether each is a folder. Links to folders are not followed: they may lead out of the library.
async fn names(folder: &Path) -> Result<Vec<(String, bool)>, SourceError> {
    let failed = |error: std::io::Error| {
        let message = format!("failed to list the folder '{}'", folder.display());
        SourceError::new(SourceId::Library, SourceErrorKind::Unavailable, message).caused_by(error)
    };
    let mut entries = tokio::fs::read_dir(folder).await.map_err(failed)?;
    let mut names = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        let is_folder = entry.file_type().await.is_ok_and(|kind| kind.is_dir());
        names.push((entry.file_name().to_string_lossy().into_owned(), is_folder));
    }
    Ok(names)
}
