//! Why a command failed: a sentence and an exit code. Does I/O: writes to standard error.

use std::{io, process::ExitCode};

use subtitle_contract::reason::Reason;
use subtitle_telemetry::chain;
use subtitle_workers::{subtitle::file::Unreadable, translate::engines::firefox::models::ModelError};

use crate::fields::without_fields;

/// A command's failure.
pub(crate) enum Failure {
    /// The arguments ask for something impossible.
    Usage(String),
    /// The input holds no subtitle.
    Unreadable {
        /// Its name.
        input: String,
        /// The reason, as in `status.reason`.
        code: &'static str,
        /// Human-readable message.
        message: String,
    },
    /// The translation is not good enough to be written, or could not be made.
    Untranslated {
        /// Whether the checks rejected it.
        is_rejected: bool,
        /// The reason, as in `status.reason`.
        code: &'static str,
        /// Human-readable message, with the cues' numbers.
        message: String,
    },
    /// Cues of the file would be missing from the result.
    Incomplete(String),
    /// Every source answered, and none of them has a subtitle.
    NothingFound(String),
    /// A source could not be queried.
    Source(Reason, String),
    /// Models are missing, broken or cannot be obtained.
    Models(String),
    /// Standard output was closed by its reader.
    Closed,
    /// Standard output cannot be written, such as on a full disk.
    Output(io::Error),
}

impl From<io::Error> for Failure {
    /// From a failed write to standard output.
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe { Self::Closed } else { Self::Output(error) }
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Models(chain(&error).to_string())
    }
}

impl Failure {
    pub(crate) fn unreadable(input: &str, unreadable: &Unreadable) -> Self {
        Self::Unreadable { input: input.to_owned(), code: unreadable.code(), message: unreadable.to_string() }
    }

    /// Prints it on standard error.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Models(message) => {
                eprintln!("subtitles: {message}");
                ExitCode::from(4)
            }
            Self::Usage(message) => {
                eprintln!("subtitles: {message}");
                ExitCode::from(1)
            }
            Self::Unreadable { input, code, message } => {
                eprintln!("subtitles: {code}: '{input}' cannot be read: {}", without_fields(&message));
                ExitCode::from(2)
            }
            Self::Untranslated { is_rejected, code, message } => {
                eprintln!("subtitles: {code}: {}", without_fields(&message));
                ExitCode::from(if is_rejected { 5 } else { 4 })
            }
            Self::Incomplete(message) => {
                eprintln!("subtitles: incomplete: {message}");
                ExitCode::from(5)
            }
            Self::NothingFound(message) => {
                eprintln!("subtitles: {}", without_fields(&message));
                ExitCode::from(3)
            }
            Self::Source(reason, message) => {
                eprintln!("subtitles: {reason}: {}", without_fields(&message));
                ExitCode::from(4)
            }
            Self::Closed => ExitCode::SUCCESS,
            Self::Output(error) => {
                eprintln!("subtitles: failed to write the output: {error}");
                ExitCode::from(1)
            }
        }
    }
}
