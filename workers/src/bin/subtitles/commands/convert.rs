//! `subtitles convert`: one file in, one file out, with all of its cues. Does I/O.

use std::path::PathBuf;

use subtitle_workers::subtitle::Subtitle;

use crate::{
    failure::Failure,
    input::Input,
    output::{self, Replace},
    warnings,
};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// The file to write; its extension says the format: .srt, .vtt or .ass
    #[arg(value_name = "OUT")]
    out: PathBuf,
    /// Replaces OUT if it exists; of a symlink, the file that it points to
    #[arg(long)]
    force: bool,
    /// Converts what can be read of a file of which some cues cannot
    #[arg(long)]
    partial: bool,
}

const EXAMPLES: &str = "\
Examples:
  subtitles convert film.ass film.vtt
  subtitles convert film.sub film.srt --frame-rate 25
  subtitles convert film.he.srt repaired.srt --language he   the charset of a Hebrew file, as UTF-8
  subtitles convert film.srt film.srt --force                repaired in place
  curl -s URL | subtitles convert - film.srt";

pub(crate) fn run(Arguments { input, out, force, partial }: &Arguments) -> Result<(), Failure> {
    let format = output::format(out)?;
    let replace = if *force { Replace::Always } else { Replace::Never };
    output::check(out, replace)?;
    let subtitle = input.open()?.file.subtitle;
    let written = subtitle.write(format);
    warnings::print(subtitle.warnings.iter().chain(&written.losses));
    if let Some(incomplete) = subtitle.incomplete().filter(|_| !partial) {
        let message = format!("'{}' is not converted: {incomplete}; --partial converts the rest", input.name());
        return Err(Failure::Incomplete(message));
    }
    if let Err(unusable) = Subtitle::read(&written.text) {
        let message = format!("'{}' is not converted, no cue would be left in {format}: {unusable}", input.name());
        return Err(Failure::Incomplete(message));
    }
    output::store(out, &written.text, replace).map(drop)
}
