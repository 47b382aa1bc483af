//! `subtitles inspect`: prints what was parsed from a subtitle file, as text or as one JSON object. Does I/O.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use subtitle_contract::language::Language;
use subtitle_workers::subtitle::{Cue, Warning};

use crate::{
    failure::Failure,
    input::{Input, Opened},
    warnings::sentence,
};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    input: Input,
    /// Print one JSON object with every cue: `text` without markup, `lines` with markup, times in milliseconds
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  subtitles inspect film.srt
  subtitles inspect film.zip --language he        read the Hebrew file from an archive
  subtitles inspect film.srt --json | jq '.warnings'
  curl -s URL | subtitles inspect -";

/// The object that `--json` prints; its keys are an interface.
#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    charset: &'static str,
    language: Option<&'a str>,
    cues: Vec<CueReport<'a>>,
    warnings: Vec<WarningReport<'a>>,
    sha256: &'a str,
}

#[derive(Serialize)]
struct CueReport<'a> {
    id: Option<&'a str>,
    start_ms: u64,
    end_ms: u64,
    text: String,
    lines: Vec<&'a str>,
    settings: Option<&'a str>,
}

#[derive(Serialize)]
struct WarningReport<'a> {
    code: &'static str,
    line: usize,
    message: &'a str,
}

impl<'a> Report<'a> {
    fn new(Opened { file, sha256 }: &'a Opened) -> Self {
        let subtitle = &file.subtitle;
        let cue = |cue: &'a Cue| CueReport {
            id: cue.id.as_deref(),
            start_ms: cue.start,
            end_ms: cue.end,
            text: subtitle.format.plain(&cue.text).into_owned(),
            lines: subtitle.format.lines(&cue.text),
            settings: cue.settings.as_deref(),
        };
        let warning = |warning: &'a Warning| WarningReport {
            code: warning.code.as_str(),
            line: warning.line,
            message: &warning.message,
        };
        Self {
            format: subtitle.origin.name(),
            charset: file.charset,
            language: file.language.as_ref().map(Language::as_str),
            cues: subtitle.cues.iter().map(cue).collect(),
            warnings: subtitle.warnings.iter().map(warning).collect(),
            sha256,
        }
    }

    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let language = self.language.unwrap_or("unknown");
        writeln!(out, "format    {}\ncharset   {}\nlanguage  {language}", self.format, self.charset)?;
        let (first, last) = (self.cues.first(), self.cues.iter().map(|cue| cue.end_ms).max());
        let times = first.zip(last).map(|(first, last)| (clock(first.start_ms), clock(last)));
        let (first, last) = times.unwrap_or_default();
        writeln!(out, "cues      {}, from {first} to {last}\nsha256    {}", self.cues.len(), self.sha256)?;
        writeln!(out, "warnings  {}", self.warnings.len())?;
        for warning in &self.warnings {
            writeln!(out, "  {}", sentence(warning.code, warning.line, warning.message))?;
        }
        Ok(())
    }
}

/// `0:00:01.500`.
fn clock(milliseconds: u64) -> String {
    let (seconds, rest) = (milliseconds / 1000, milliseconds % 1000);
    format!("{}:{:02}:{:02}.{rest:03}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

pub(crate) fn run(Arguments { input, json }: &Arguments) -> Result<(), Failure> {
    let opened = input.open()?;
    let report = Report::new(&opened);
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = if *json {
        serde_json::to_writer(&mut out, &report).map_err(io::Error::from).and_then(|()| writeln!(out))
    } else {
        report.print(&mut out)
    };
    printed.and_then(|()| out.flush()).map_err(Failure::from)
}
