//! Writing a result beside its video, for a job that asks for it. Does I/O.

use subtitle_contract::{
    job::{Sidecar, SubtitleJobSpec},
    language::Language,
    reason::Reason,
};

use crate::{
    artifact::StoreArtifact,
    failure::Failure,
    find::{Libraries, sources::machine_mark},
};

/// Who wrote a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Unknown.
    Unknown,
    /// An engine of this system.
    Machine,
}

/// Writes the sidecar if the job asks for one, to a temporary name first: a player never sees half a file.
pub async fn write_sidecar(
    libraries: &Libraries,
    spec: &SubtitleJobSpec,
    artifact: &StoreArtifact,
    language: &Language,
    author: Author,
) -> Result<(), Failure> {
    let failed = |message: String| Failure::new(Reason::SidecarNotWritten, message);
    if spec.output.sidecar == Sidecar::Never {
        return Ok(());
    }
    let path = libraries
        .sidecar_path(&spec.video, language, artifact.format.extension())
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
            Author::Machine => machine_mark::set(&path, artifact.text.as_bytes()).await?,
            Author::Unknown => machine_mark::clear(&path).await,
        }
        tokio::fs::write(&unfinished, &artifact.text).await?;
        tokio::fs::rename(&unfinished, &path).await
    };
    let written = written.await;
    if written.is_err() {
        let _ = tokio::fs::remove_file(&unfinished).await;
    }
    written.map_err(|error| failed(format!("{name} cannot be written beside the video: {error}")))
}
