//! Writing a result beside its video, for a job that asks for it. Does I/O.

use std::{
    io,
    path::{Path, PathBuf},
};

use subtitle_contract::{
    job::{Sidecar, SubtitleJobSpec},
    language::Language,
    reason::Reason,
};
use subtitle_telemetry::chain;

use crate::{
    artifact::StoreArtifact,
    failure::Failure,
    find::{Libraries, sources::machine_mark},
    written,
};

/// Who wrote a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Author {
    /// Unknown.
    Unknown,
    /// An engine of this system.
    Machine,
}

/// Writes the sidecar if the job asks for one, to a temporary name first: a player never sees half a file. Returns what was
/// left alone instead, or whose work was replaced, for a person: only `Overwrite` replaces a file that is there, and nothing
/// replaces a link.
pub async fn write_sidecar(
    libraries: &Libraries,
    spec: &SubtitleJobSpec,
    artifact: &StoreArtifact,
    language: &Language,
    author: Author,
) -> Result<Option<String>, Failure> {
    let failed = |message: String| Failure::new(Reason::SidecarNotWritten, message);
    if spec.output.sidecar == Sidecar::Never {
        return Ok(None);
    }
    let path = libraries
        .sidecar_path(&spec.video, language, artifact.format.extension())
        .await
        .map_err(|error| failed(chain(&error).to_string()))?;
    let path = path.ok_or_else(|| failed("spec.output.sidecar needs a video.path whose folder exists".to_owned()))?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let existing = Existing::read(&path, &artifact.text).await;
    let written = match existing {
        Existing::Same => return Ok(None),
        Existing::Link => return Ok(Some(left_alone(&name, "it is a link"))),
        Existing::Other if spec.output.sidecar == Sidecar::IfAbsent => {
            return Ok(Some(left_alone(&name, "it exists, and spec.output.sidecar is IfAbsent")));
        }
        Existing::Other | Existing::Nothing => {
            let replaced = replaced(&path, matches!(existing, Existing::Other)).await;
            write(&path, artifact, author, spec.output.sidecar).await.map(|()| replaced)
        }
    };
    match written {
        // Somebody was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Ok(Some(left_alone(&name, "it appeared while this one was written")))
        }
        Err(error) => Err(failed(format!("failed to write '{name}' beside the video: {error}"))),
        Ok(replaced) => {
            if author == Author::Unknown {
                record(path, artifact).await;
            }
            Ok(replaced)
        }
    }
}

/// What to tell of a file that is about to be replaced.
async fn replaced(path: &Path, is_there: bool) -> Option<String> {
    if !is_there {
        return None;
    }
    let file = path.to_path_buf();
    let is_ours = tokio::task::spawn_blocking(move || written::is_ours(&file)).await.unwrap_or(false);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let whose = written::whose(is_ours);
    tracing::info!(sidecar = %name, whose, "replacing a sidecar");
    // Its own work is what a job that runs again is expected to replace.
    (!is_ours).then(|| format!("the sidecar '{name}' was replaced: it held {whose}"))
}

/// Records whose the file is. Without the record it counts as a person's, and is left alone the next time.
async fn record(path: PathBuf, artifact: &StoreArtifact) {
    let text = artifact.text.clone();
    let recorded = tokio::task::spawn_blocking(move || written::record(&path, text.as_bytes())).await;
    if let Ok(Err(error)) = recorded {
        tracing::warn!(%error, "failed to record that this system wrote a sidecar");
    }
}

/// What is at a sidecar's path.
enum Existing {
    Nothing,
    /// A file with the same text.
    Same,
    /// A link, wherever it leads.
    Link,
    Other,
}

impl Existing {
    async fn read(path: &Path, text: &str) -> Self {
        match tokio::fs::symlink_metadata(path).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Self::Nothing,
            Ok(metadata) if metadata.is_symlink() => Self::Link,
            Ok(metadata) if metadata.len() == text.len() as u64 => {
                let is_same = tokio::fs::read(path).await.is_ok_and(|bytes| bytes == text.as_bytes());
                if is_same { Self::Same } else { Self::Other }
            }
            _ => Self::Other,
        }
    }
}

fn left_alone(name: &str, why: &str) -> String {
    let warning = format!("the sidecar '{name}' was left as it is: {why}");
    tracing::warn!(sidecar = name, why, "left a sidecar as it is");
    warning
}

async fn write(path: &Path, artifact: &StoreArtifact, author: Author, sidecar: Sidecar) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = path.with_file_name(format!(".{name}.{}", uuid::Uuid::now_v7().simple()));
    let written = async {
        match author {
            Author::Machine => machine_mark::set(path, artifact.text.as_bytes()).await?,
            Author::Unknown => machine_mark::clear(path).await,
        }
        tokio::fs::write(&unfinished, &artifact.text).await?;
        if sidecar == Sidecar::Overwrite {
            return tokio::fs::rename(&unfinished, path).await;
        }
        // A rename would replace a file that appeared meanwhile.
        match tokio::fs::hard_link(&unfinished, path).await {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => tokio::fs::rename(&unfinished, path).await,
            linked => linked,
        }
    };
    let written = written.await;
    let _ = tokio::fs::remove_file(&unfinished).await;
    written
}
