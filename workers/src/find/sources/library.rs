//! Files beside the video, and in folders of subtitles beside it as release groups make them. Does I/O.

use std::{fs::Metadata, io, path::Path};

use subtitle_contract::{job::Video, language::Language};

use super::{
    amount::mark_handfuls,
    mounted::{Libraries, VideoFile, stamp},
};
use crate::{
    find::{
        error::{SourceError, SourceErrorKind},
        folder::{Entry, Folder, LibraryFile, blocking, written::Record},
        found::{FoundSubtitle, Origin, VideoMatch},
        names::{SidecarName, Stems, in_folder},
        parser::{LARGEST_TEXT, Parser},
        source::SourceId,
    },
    subtitle::file::Declared,
};

/// The most files, or tracks of a video, whose language is detected by their text.
pub(crate) const MOST_DETECTED: usize = 16;
/// The largest file that is read for that, in bytes.
pub(crate) const LARGEST_DETECTED: u64 = 4 << 20;

/// A file that belongs to the video.
struct Sidecar {
    /// Its path below the video's folder, with `/`.
    label: String,
    file: LibraryFile,
    name: SidecarName,
    metadata: Metadata,
    is_machine_translated: bool,
}

/// The sidecars of a video.
pub(in crate::find) async fn list(
    libraries: &Libraries,
    parser: &Parser,
    video: &Video,
) -> Result<Vec<FoundSubtitle>, SourceError> {
    let Some(video) = libraries.video_file(SourceId::Library, video).await? else { return Ok(Vec::new()) };
    let folder = video.relative.rsplit_once('/').map_or("", |(folder, _)| folder).to_owned();
    let library = video.library.clone();
    let sidecars = blocking(move || sidecars(&video)).await.map_err(|error| {
        let message = format!("failed to list the folder '{folder}'");
        SourceError::new(SourceId::Library, SourceErrorKind::Unavailable, message).caused_by(error)
    })?;
    let (mut found, mut amounts, mut detected) = (Vec::new(), Vec::new(), 0);
    for Sidecar { label, file, name, metadata, is_machine_translated } in sidecars {
        let identity = format!("{}:{library}:{folder}/{label}:{}", SourceId::Library, stamp(&metadata));
        let mut language = name.language;
        if language.is_undetermined() && detected < MOST_DETECTED {
            detected += 1;
            language = by_text(parser, file.clone()).await.unwrap_or(language);
        }
        // Formats differ in what they spend on a cue.
        amounts.push((metadata.len(), Path::new(file.name()).extension().map(ToOwned::to_owned)));
        found.push(FoundSubtitle {
            source: SourceId::Library,
            label,
            language,
            forced: name.forced,
            hearing_impaired: name.hearing_impaired,
            is_commentary: name.is_commentary,
            is_machine_translated,
            identity,
            video_match: VideoMatch::ThisVideo { is_default: false },
            origin: Ok(Origin::File(file)),
        });
    }
    mark_handfuls(&mut found, &amounts);
    Ok(found)
}

/// The language that a file's text is certainly in.
async fn by_text(parser: &Parser, file: LibraryFile) -> Option<Language> {
    let bytes = blocking(move || file.read(LARGEST_DETECTED)).await.ok()?;
    parser.text(bytes.into(), &Declared::default()).await.ok()?.language
}

/// The files that belong to the video, by their labels.
fn sidecars(video: &VideoFile) -> io::Result<Vec<Sidecar>> {
    let folder = video.file.folder();
    let entries = folder.entries()?;
    let stems = Stems::new(&video.stem(), entries.iter().map(|(name, _)| name.as_str()));
    let mut sidecars = Vec::new();
    let is_only = stems.is_only_video();
    for (name, entry) in entries {
        if entry != Entry::Folder {
            sidecars.extend(stems.read(&name).and_then(|read| sidecar(folder, &name, name.clone(), read)));
        } else if in_folder(&name) {
            let folder = folder.below(Path::new(&name))?;
            for (inner, entry) in folder.entries()? {
                let label = format!("{name}/{inner}");
                if entry == Entry::Folder && stems.is_own_folder(&inner) {
                    let folder = folder.below(Path::new(&inner))?;
                    sidecars.extend(folder.entries()?.into_iter().filter_map(|(file, _)| {
                        let read = stems.read_inside(&file, true)?;
                        sidecar(&folder, &file, format!("{label}/{file}"), read)
                    }));
                } else if entry != Entry::Folder {
                    let read = stems.read_inside(&inner, is_only);
                    sidecars.extend(read.and_then(|read| sidecar(&folder, &inner, label, read)));
                }
            }
        }
    }
    sidecars.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(sidecars)
}

/// The sidecar, unless its name stands for anything but a regular file.
fn sidecar(folder: &Folder, file_name: &str, label: String, name: SidecarName) -> Option<Sidecar> {
    let file = folder.file(file_name);
    let metadata = file.open().ok()?.metadata().ok()?;
    let is_machine_translated = Record::Translated.holds(&file, LARGEST_TEXT);
    Some(Sidecar { label, file, name, metadata, is_machine_translated })
}
