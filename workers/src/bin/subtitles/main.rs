//! The `subtitles` command line: the workers' own code without any server of ours. Arguments come in; reports and files go
//! out. Does I/O: reads and writes files.

mod commands;
mod failure;
mod fields;
mod input;
mod output;
mod video;
mod warnings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use commands::{convert, find, get, inspect, models, serve, translate};
use failure::Failure;
use subtitle_workers::program;

/// Reads, repairs, converts, finds and translates subtitle files of many formats, in any charset, also inside zip and gzip.
#[derive(Parser)]
#[command(name = "subtitles", version, after_help = EXAMPLES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  subtitles inspect film.srt                      what it is, and what is wrong with it
  subtitles inspect film.zip --language he --json every cue of its Hebrew file, as JSON
  curl -s URL | subtitles inspect -               the same from standard input
  subtitles convert film.srt film.vtt             the target's extension decides: .srt .vtt .ass
  subtitles convert film.sub film.srt --frame-rate 25
  subtitles find film.mkv --language es           what is inside it and beside it, with scores
  subtitles get film.mkv --language es            the best of it as film.es.srt
  subtitles translate film.en.srt --from en --to es --out film.es.srt
  subtitles models pull en-pt                     neural models for `translate`, which then needs no server and no key
  subtitles serve films                           a folder over HTTP, for `find`, `get` and jobs that name a URL

Files that exist are left alone unless --force is given; `get` replaces what it wrote itself.

Exit codes: 0 success, 1 wrong use or a file that was left alone, 2 unreadable input, 3 nothing found, 4 a source or an
engine failed, 5 the result would be incomplete or fails its checks; the reason code and the numbers of the cues are on
standard error.";

#[derive(Subcommand)]
enum Command {
    /// Shows how a file is read: format, charset, language, cues, and every repair with its line
    Inspect(inspect::Arguments),
    /// Writes a file in another format, or the same one repaired, as UTF-8; warns about what the target cannot represent
    Convert(convert::Arguments),
    /// Lists the subtitles that a video has, inside it, beside it or at providers, with scores and why each would lose
    Find(find::Arguments),
    /// Finds the best subtitle for a video and writes it
    Get(get::Arguments),
    /// Translates a file by the code that the translator runs: a result that fails its checks is not written
    Translate(Box<translate::Arguments>),
    /// Installs the models with which the engine `firefox` translates
    Models(models::Arguments),
    /// Serves a folder of films and subtitles over HTTP, read-only and in parts, until SIGTERM
    Serve(serve::Arguments),
}

fn main() -> ExitCode {
    if let Some(worker) = program::from_name() {
        let Err(error) = worker() else { return ExitCode::SUCCESS };
        eprintln!("Error: {error:?}");
        return ExitCode::FAILURE;
    }
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are not errors; there is nothing left to do if they cannot be printed.
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
        Command::Models(arguments) => models::run(arguments),
        Command::Serve(arguments) => serve::run(&arguments),
    };
    result.map_or_else(Failure::report, |()| ExitCode::SUCCESS)
}
