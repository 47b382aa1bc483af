//! Writing a result beside its video, for a job that asks for it. Does I/O.

use std::io;

use subtitle_contract::{
    job::{Sidecar, SubtitleJobSpec},
    language::Language,
    reason::Reason,
};
use subtitle_telemetry::chain;

use crate::{
    artifact::StoreArtifact,
    failure::Failure,
    find::{
        Libraries,
        folder::{Entry, LibraryFile, Replace, blocking},
        sources::machine_mark,
    },
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
    let sidecar = libraries.sidecar(&spec.video, language, artifact.format.extension()).await;
    let sidecar = sidecar.map_err(|error| failed(chain(&error).to_string()))?;
    let sidecar = sidecar.ok_or_else(|| {
        failed("spec.output.sidecar needs a video.path that is a video file in its library".to_owned())
    })?;
    let name = sidecar.name().to_owned();
    let (text, wanted) = (artifact.text.clone(), spec.output.sidecar);
    let written = blocking(move || write(&sidecar, text.as_bytes(), author, wanted)).await;
    let why = match written {
        Ok(Written::Unchanged | Written::Created | Written::Replaced { was_ours: true }) => return Ok(None),
        // Its own work is what a job that runs again is expected to replace.
        Ok(Written::Replaced { was_ours: false }) => {
            let whose = written::whose(false);
            tracing::info!(sidecar = name, whose, "replaced a sidecar");
            return Ok(Some(format!("the sidecar '{name}' was replaced: it held {whose}")));
        }
        Ok(Written::LeftAlone(why)) => why,
        // Somebody was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => "it appeared while this one was written",
        Err(error) => return Err(failed(format!("failed to write '{name}' beside the video: {error}"))),
    };
    tracing::warn!(sidecar = name, why, "left a sidecar as it is");
    Ok(Some(format!("the sidecar '{name}' was left as it is: {why}")))
}

enum Written {
    Created,
    /// The same text was there.
    Unchanged,
    Replaced {
        was_ours: bool,
    },
    /// Another file is there, for this reason.
    LeftAlone(&'static str),
}

fn write(sidecar: &LibraryFile, text: &[u8], author: Author, wanted: Sidecar) -> io::Result<Written> {
    let (folder, name) = (sidecar.folder(), sidecar.name());
    let outcome = match folder.entry(name)? {
        Entry::Link => return Ok(Written::LeftAlone("it is a link")),
        Entry::File if sidecar.read(text.len() as u64).is_ok_and(|bytes| bytes == text) => {
            return Ok(Written::Unchanged);
        }
        Entry::File if wanted == Sidecar::IfAbsent => {
            return Ok(Written::LeftAlone("it exists, and spec.output.sidecar is IfAbsent"));
        }
        Entry::Folder | Entry::Special => return Err(io::Error::other("it is there and no regular file")),
        Entry::File => Written::Replaced { was_ours: written::is_unchanged(sidecar) },
        Entry::Missing => Written::Created,
    };
    match author {
        Author::Machine => machine_mark::set(folder, name, text)?,
        Author::Unknown => machine_mark::clear(folder, name),
    }
    let replace = if wanted == Sidecar::Overwrite { Replace::Yes } else { Replace::No };
    folder.write(name, text, replace)?;
    // Without the record it counts as a person's, and is left alone the next time.
    if author == Author::Unknown
        && let Err(error) = written::record_in(folder, name, text)
    {
        tracing::warn!(%error, sidecar = name, "failed to record that this system wrote a sidecar");
    }
    Ok(outcome)
}
