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
        folder::{
            Entry, LibraryFile, Replace, blocking,
            written::{self, Record},
        },
    },
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
        Ok(Outcome::Unchanged | Outcome::Created | Outcome::Replaced { was_ours: true }) => return Ok(None),
        // Its own work is what a job that runs again is expected to replace.
        Ok(Outcome::Replaced { was_ours: false }) => {
            tracing::info!(sidecar = name, "replaced a sidecar that somebody else had written or changed");
            return Ok(Some(format!("the sidecar '{name}' was replaced: it held {}", written::whose(false))));
        }
        Ok(Outcome::LeftAlone(why)) => why,
        // Somebody was faster.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => "it appeared while this one was written",
        Err(error) => return Err(failed(format!("failed to write '{name}' beside the video: {error}"))),
    };
    tracing::warn!(sidecar = name, why, "left a sidecar as it is");
    Ok(Some(format!("the sidecar '{name}' was left as it is: {why}")))
}

enum Outcome {
    Created,
    /// The same text was there.
    Unchanged,
    Replaced {
        was_ours: bool,
    },
    /// Another file is there, for this reason.
    LeftAlone(&'static str),
}

fn write(sidecar: &LibraryFile, text: &[u8], author: Author, wanted: Sidecar) -> io::Result<Outcome> {
    let (folder, name) = (sidecar.folder(), sidecar.name());
    let outcome = match folder.entry(name)? {
        Entry::Link => return Ok(Outcome::LeftAlone("it is a link")),
        Entry::File if sidecar.read(text.len() as u64).is_ok_and(|bytes| bytes == text) => {
            return Ok(Outcome::Unchanged);
        }
        Entry::File if wanted == Sidecar::IfAbsent => {
            return Ok(Outcome::LeftAlone("it exists, and spec.output.sidecar is IfAbsent"));
        }
        Entry::Folder | Entry::Special => return Err(io::Error::other("it is there and no regular file")),
        Entry::File => Outcome::Replaced { was_ours: written::is_unchanged(sidecar) },
        Entry::Missing => Outcome::Created,
    };
    match author {
        Author::Machine => Record::Translated.set(folder, name, text)?,
        Author::Unknown => Record::Translated.clear(folder, name),
    }
    let replace = if wanted == Sidecar::Overwrite { Replace::Yes } else { Replace::No };
    folder.write(name, text, replace)?;
    // Without the record it counts as a person's: replacing it is reported, and `subtitles get` leaves it alone.
    if author == Author::Unknown
        && let Err(error) = Record::Found.set(folder, name, text)
    {
        tracing::warn!(%error, sidecar = name, "failed to record that this system wrote a sidecar");
    }
    Ok(outcome)
}
