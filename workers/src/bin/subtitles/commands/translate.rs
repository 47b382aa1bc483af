//! `subtitles translate`: one file in one language in, the same in another out, by the code that the translator runs.
//! Does I/O.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use serde::Serialize;
use subtitle_contract::{
    glossary,
    job::{OutputFormat, Readability, SubtitleJobSpec, Variants},
    language::Language,
    payload::TranslateProgress,
    reason::Reason,
};
use subtitle_workers::{
    program::common,
    simulation::Simulation,
    subtitle::Format,
    translate::{
        EngineId,
        engines::{self, EngineArguments},
    },
    translator::standalone::{self, StandaloneRequest, TranslatedFile},
};

use super::convert;
use crate::{failure::Failure, input::Input};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The file; - for standard input
    #[arg(value_name = "FILE")]
    path: String,
    /// The language it is in, such as en
    #[arg(long, value_name = "TAG", value_parser = |text: &str| Language::parse(text))]
    from: Language,
    /// The language it is to be in, such as es, pt-BR or zh-Hans
    #[arg(long, value_name = "TAG", value_parser = |text: &str| Language::parse(text))]
    to: Language,
    /// The engine: apertium, apertium-apy, libretranslate, deepl, openai
    #[arg(long, value_name = "NAME", default_value = "apertium", value_parser = engines::parse_name)]
    engine: EngineId,
    /// A file of names and terms, a line each: source = target; comments begin with #
    #[arg(long, value_name = "FILE")]
    glossary: Option<PathBuf>,
    /// The file to write, its extension says the format: .srt, .vtt or .ass; left out, standard output
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Prints one JSON object about the result; needs --out
    #[arg(long, requires = "out")]
    json: bool,
    #[command(flatten)]
    servers: EngineArguments,
}

/// The object that `--json` prints; its keys are an interface.
#[derive(Serialize)]
struct Report<'a> {
    from: &'a str,
    to: &'a str,
    engine: &'a str,
    format: &'a str,
    cues: u32,
    sha256: &'a str,
    variant: Option<Variants>,
    readability: Option<Readability>,
}

pub(crate) fn run(
    Arguments { path, from, to, engine, glossary, out, json, servers }: Arguments,
) -> Result<(), Failure> {
    let format = match &out {
        None => OutputFormat::Original,
        Some(out) => match Format::of_extension(&out.extension().unwrap_or_default().to_string_lossy()) {
            Some(Format::Srt) => OutputFormat::Srt,
            Some(Format::WebVtt) => OutputFormat::WebVtt,
            Some(Format::Ass) => OutputFormat::Ass,
            None => {
                let message =
                    format!("'{}' names no format that is written: end it in .srt, .vtt, .ass", out.display());
                return Err(Failure::Usage(message));
            }
        },
    };
    let glossary = glossary.as_deref().map(read_glossary).transpose()?;
    let subtitle = Input::new(path, from.clone()).open()?.file.subtitle;
    common::init_tls();
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let engines = servers.engines(Simulation::default()).map_err(|error| usage(&format!("{error:#}")))?;
    let spec = serde_json::json!({ "video": { "title": "a file" }, "language": to.as_str() });
    let mut spec: SubtitleJobSpec = serde_json::from_value(spec).map_err(|error| usage(&error))?;
    spec.output.format = format;
    let text = subtitle.write(subtitle.format).text;
    let request = StandaloneRequest { engines, order: vec![engine], text, from: from.to_string(), glossary, spec };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| usage(&error))?;
    let is_shown = io::stderr().is_terminal();
    let done = runtime.block_on(standalone::translate(request, |progress| show(progress, is_shown)));
    if is_shown {
        eprintln!();
    }
    let TranslatedFile { text, result } = done.map_err(|failed| Failure::Untranslated {
        is_refused: failed.reason == Reason::TranslationIncomplete,
        code: failed.reason.as_str(),
        message: failed.error_message,
    })?;
    match &out {
        None => io::stdout().write_all(text.as_bytes()).map_err(|_| Failure::Closed)?,
        Some(out) => convert::store(out, &text)
            .map_err(|error| Failure::Usage(format!("'{}' cannot be written: {error}", out.display())))?,
    }
    if json {
        let (from, to) = (from.as_str(), result.language.as_str());
        let (format, sha256) = (result.format.as_str(), result.sha256.as_str());
        let variant = result.variant.and_then(|variant| variant.known());
        let readability = result.readability;
        let report =
            Report { from, to, engine: engine.name(), format, cues: result.cues, sha256, variant, readability };
        let mut stdout = io::stdout().lock();
        serde_json::to_writer(&mut stdout, &report).map_err(|_| Failure::Closed)?;
        writeln!(stdout).map_err(|_| Failure::Closed)?;
    }
    Ok(())
}

fn read_glossary(path: &Path) -> Result<String, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::Usage(format!("glossary '{}': {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(&error))?;
    glossary::parse(&text).map_err(|error| wrong(&error))?;
    Ok(text)
}

fn show(TranslateProgress { done, total }: TranslateProgress, is_shown: bool) {
    if is_shown {
        eprint!("\r{done}/{total} cues");
    }
}
