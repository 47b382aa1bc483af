//! `subtitles convert`: one file in, one file out. The target is written beside its place first, so that nobody ever
//! sees half of it. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
};

use subtitle_workers::subtitle::{Format, Warning};

use crate::{commands::inspect::sentence, failure::Failure, input::Input};

/// Warnings shown in full; a broken file has one a cue.
const SHOWN: usize = 20;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The file to write; its extension says the format: .srt, .vtt or .ass
    #[arg(value_name = "OUT")]
    out: PathBuf,
}

pub(crate) fn run(Arguments { input, out }: &Arguments) -> Result<(), Failure> {
    let format = format_of(out)?;
    let file = input.open()?.file;
    let written = file.subtitle.write(format);
    store(out, &written.text)
        .map_err(|error| Failure::Usage(format!("'{}' cannot be written: {error}", out.display())))?;
    let warnings: Vec<&Warning> = file.subtitle.warnings.iter().chain(&written.losses).collect();
    for warning in warnings.iter().take(SHOWN) {
        eprintln!("warning: {}", sentence(warning.code.as_str(), warning.line, &warning.message));
    }
    if warnings.len() > SHOWN {
        eprintln!("warning: and {} more; `subtitles inspect` lists all", warnings.len() - SHOWN);
    }
    Ok(())
}

/// The format that a target's extension asks for.
pub(crate) fn format_of(out: &Path) -> Result<Format, Failure> {
    let extension = out.extension().unwrap_or_default().to_string_lossy();
    Format::of_extension(&extension).ok_or_else(|| {
        let known = [Format::Srt, Format::WebVtt, Format::Ass].map(|format| format!(".{}", format.extension()));
        Failure::Usage(format!("'{}' names no format that is written: end it in {}", out.display(), known.join(", ")))
    })
}

/// Writes a file, whole or not at all.
pub(crate) fn store(out: &Path, text: &str) -> std::io::Result<()> {
    let name = out.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = out.with_file_name(format!(".{name}.{}", std::process::id()));
    let stored = fs::write(&unfinished, text).and_then(|()| fs::rename(&unfinished, out));
    if stored.is_err() {
        // Whatever is left of it is of no use; the first error is the one to tell.
        let _ = fs::remove_file(&unfinished);
    }
    stored
}
