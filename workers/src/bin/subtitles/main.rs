//! The `subtitles` command line: the workers' own code without any server of ours. Arguments come in; reports and files go
//! out. Does I/O: reads and writes files.

mod commands;
mod failure;
mod input;
mod video;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{convert, find, get, inspect, serve, translate};
use failure::Failure;
use subtitle_workers::program;

/// Looks into subtitle files and turns them into each other: SubRip, WebVTT, ASS, SSA, MicroDVD, SubViewer, in any
/// charset, also inside zip and gzip.
#[derive(Parser)]
#[command(version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  subtitles inspect film.srt                      what it is, and what is wrong with it
  subtitles inspect film.zip --language he --json every cue, as JSON, declared to be Hebrew
  curl -s URL | subtitles inspect -               the same from standard input
  subtitles convert film.srt film.vtt             the target's extension decides: .srt .vtt .ass
  subtitles convert film.sub film.srt --frame-rate 25
  subtitles find film.mkv --language es           what is inside it and beside it, with scores
  subtitles get film.mkv --language es            the best of it as film.es.srt
  subtitles translate film.en.srt --from en --to es --out film.es.srt
  subtitles serve films                           their folder over HTTP, for spec.video.url

Exit codes: 0 fine, 1 wrong use, 2 unreadable input, 3 nothing found, 4 a source or an engine failed, 5 the checks
refuse the translation; the reason code and the numbers of the cues are on standard error.";

#[derive(Subcommand)]
enum Command {
    /// Shows what the readers make of a file: format, charset, language, cues, and every repair with its line
    Inspect(inspect::Arguments),
    /// Writes a file in another format, or the same one repaired, as UTF-8; says what the target cannot hold
    Convert(convert::Arguments),
    /// Lists the subtitles that a video has, inside it, beside it or behind HTTP, with scores and why each would lose
    Find(find::Arguments),
    /// Finds the best subtitle for a video and writes it
    Get(get::Arguments),
    /// Translates a file with the translator's own code: what its checks refuse is not written
    Translate(Box<translate::Arguments>),
    /// Serves a folder of films and subtitles over HTTP, read-only and in parts, until SIGTERM
    Serve(serve::Arguments),
}

fn main() -> ExitCode {
    if let Some(worker) = program::from_name(std::env::args_os().next()) {
        let Err(error) = worker() else { return ExitCode::SUCCESS };
        eprintln!("Error: {error:?}");
        return ExitCode::FAILURE;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are no mistakes; nothing is to be done if they cannot be printed.
            let _ = error.print();
            return if error.use_stderr() { ExitCode::from(1) } else { ExitCode::SUCCESS };
        }
    };
    let result = match arguments.command {
        Command::Inspect(arguments) => inspect::run(&arguments),
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Find(arguments) => find::run(&arguments),
        Command::Get(arguments) => get::run(&arguments),
        Command::Translate(arguments) => translate::run(*arguments),
        Command::Serve(arguments) => serve::run(&arguments),
    };
    result.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
