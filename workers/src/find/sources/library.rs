//! Files beside the video. Does I/O.

use subtitle_contract::job::Video;

use super::{
    machine_mark,
    mounted::{Libraries, stamp},
};
use crate::{
    find::{
        error::{SourceError, SourceErrorKind},
        found::{FoundSubtitle, Origin, VideoMatch},
        source::SourceId,
    },
    subtitle::language::sidecar_name,
};

/// The sidecars of a video.
pub(in crate::find) async fn list(libraries: &Libraries, video: &Video) -> Result<Vec<FoundSubtitle>, SourceError> {
    let Some(file) = libraries.video_file(SourceId::Library, video).await? else { return Ok(Vec::new()) };
    let failed = |error: std::io::Error| {
        let message = format!("{} cannot be listed: {error}", file.folder.display());
        SourceError::new(SourceId::Library, SourceErrorKind::Unavailable, message)
    };
    let stem = file.stem();
    let mut entries = tokio::fs::read_dir(&file.folder).await.map_err(failed)?;
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        let label = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = sidecar_name::read(&stem, &label) else { continue };
        let Ok(metadata) = tokio::fs::metadata(entry.path()).await else { continue };
        let folder = file.relative.rsplit_once('/').map_or("", |(folder, _)| folder);
        found.push(FoundSubtitle {
            source: SourceId::Library,
            identity: format!("{}:{}:{folder}/{label}:{}", SourceId::Library, file.library, stamp(&metadata)),
            language: name.language,
            forced: name.forced,
            hearing_impaired: name.hearing_impaired,
            is_machine_translated: machine_mark::is_set(&entry.path()).await,
            video_match: VideoMatch::ThisVideo { is_default: false },
            origin: Ok(Origin::File(entry.path())),
            label,
        });
    }
    found.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(found)
}
