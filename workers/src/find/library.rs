//! Files beside the video.

use subtitle_contract::job::Video;

use super::{Claims, Found, Origin, SourceError, Sources, Trouble, machine_mark, sidecar_name, stamp};

pub(super) const NAME: &str = "library";

pub(super) async fn list(sources: &Sources, video: &Video) -> Result<Vec<Found>, SourceError> {
    let Some(file) = sources.video_file(NAME, video).await? else { return Ok(Vec::new()) };
    let failed = |error: std::io::Error| {
        let message = format!("{} cannot be listed: {error}", file.folder.display());
        SourceError::new(NAME, Trouble::Unavailable, message)
    };
    let stem = file.stem();
    let mut entries = tokio::fs::read_dir(&file.folder).await.map_err(failed)?;
    let mut found = Vec::new();
    while let Some(entry) = entries.next_entry().await.map_err(failed)? {
        let label = entry.file_name().to_string_lossy().into_owned();
        let Some(name) = sidecar_name::read(&stem, &label) else { continue };
        let Ok(metadata) = tokio::fs::metadata(entry.path()).await else { continue };
        let place = file.relative.rsplit_once('/').map_or("", |(place, _)| place);
        found.push(Found {
            source: NAME,
            identity: format!("{NAME}:{}:{place}/{label}:{}", file.library, stamp(&metadata)),
            language: name.language,
            forced: name.forced,
            hearing_impaired: name.hearing_impaired,
            is_machine_translated: machine_mark::is_set(&entry.path()).await,
            claims: Claims::ThisVideo { is_default: false },
            origin: Ok(Origin::File(entry.path())),
            label,
        });
    }
    found.sort_by(|one, other| one.label.cmp(&other.label));
    Ok(found)
}
