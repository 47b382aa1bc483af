//! `subtitles translate`: one file in one language in, the same in another out, by the code that the translator runs.
//! Does I/O.

use std::{
    io::{self, IsTerminal as _, Write as _},
    path::{Path, PathBuf},
};

use serde::Serialize;
use subtitle_contract::{
    glossary,
    job::{OutputFormat, PartialTranslations, Readability, SubtitleJobSpec, Untranslated, VariantMatch},
    language::Language,
    payload::TranslateProgress,
    reason::Reason,
};
use subtitle_workers::{
    program::common,
    simulation::Simulation,
    subtitle::{Format, file::File},
    translate::{
        EngineId,
        engines::{self, EngineArguments},
    },
    translator::standalone::{self, StandaloneRequest, TranslatedFile},
};

use crate::{
    failure::Failure,
    input::{Input, frame_rate},
    output::{self, Replace},
    warnings,
};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// The file; - for standard input
    #[arg(value_name = "FILE")]
    path: String,
    /// The language it is in, such as en
    #[arg(long, value_name = "TAG", value_parser = |text: &str| Language::parse(text))]
    from: Language,
    /// The language to translate into, such as es, pt-BR or zh-Hans
    #[arg(long, value_name = "TAG", value_parser = |text: &str| Language::parse(text))]
    to: Language,
    /// The engine: firefox, apertium, apertium-apy, libretranslate, deepl, openai; several in the order they are tried
    #[arg(long, value_name = "NAME", value_delimiter = ',', default_value = "firefox,apertium", value_parser = engines::parse_name)]
    engine: Vec<EngineId>,
    /// A file of names and terms, a line each: source = target; comments begin with #
    #[arg(long, value_name = "FILE")]
    glossary: Option<PathBuf>,
    /// The file to write, its extension says the format: .srt, .vtt or .ass; left out, standard output
    #[arg(long, value_name = "OUT")]
    out: Option<PathBuf>,
    /// Replaces OUT if it exists; of a symlink, the file that it points to
    #[arg(long, requires = "out")]
    force: bool,
    /// Writes a translation in which cues are missing or untranslated, too
    #[arg(long)]
    partial: bool,
    /// The video's frames per second, for MicroDVD files that do not say it
    #[arg(long, value_name = "NUMBER", value_parser = frame_rate)]
    frame_rate: Option<f64>,
    /// Prints one JSON object about the result; needs --out
    #[arg(long, requires = "out")]
    json: bool,
    #[command(flatten)]
    servers: EngineArguments,
}

const EXAMPLES: &str = "\
Examples:
  subtitles models pull en-pt && subtitles translate film.en.srt --from en --to pt-BR --out film.pt-BR.srt
  subtitles translate film.en.srt --from en --to es --engine apertium --out film.es.srt
  subtitles translate film.en.srt --from en --to es --glossary names.txt --out film.es.srt
  subtitles translate film.en.ass --from en --to pt-BR --engine deepl --deepl-key-file key --out film.pt-BR.ass
  subtitles convert film.sub film.srt && subtitles translate film.srt --from en --to es > film.es.srt";

/// The object that `--json` prints; its keys are an interface.
#[derive(Serialize)]
struct Report<'a> {
    from: &'a str,
    to: &'a str,
    engine: &'a str,
    format: &'a str,
    cues: u32,
    sha256: &'a str,
    variant: Option<VariantMatch>,
    readability: Option<Readability>,
}

pub(crate) fn run(
    Arguments { path, from, to, engine, glossary, out, force, partial, frame_rate, json, servers }: Arguments,
) -> Result<(), Failure> {
    let replace = if force { Replace::Always } else { Replace::Never };
    let format = match &out {
        None => OutputFormat::Original,
        Some(out) => {
            output::check(out, replace)?;
            match output::format(out)? {
                Format::Srt => OutputFormat::Srt,
                Format::WebVtt => OutputFormat::WebVtt,
                Format::Ass => OutputFormat::Ass,
            }
        }
    };
    let glossary = glossary.as_deref().map(read_glossary).transpose()?;
    let input = Input::new(path, from.clone(), frame_rate);
    let File { subtitle, mismatch, .. } = input.open()?.file;
    warnings::print(&subtitle.warnings);
    if let Some(incomplete) = subtitle.incomplete().filter(|_| !partial) {
        let message = format!("'{}' is not translated: {incomplete}; --partial translates the rest", input.name());
        return Err(Failure::Incomplete(message));
    }
    common::init_tls();
    let usage = |error: &dyn std::fmt::Display| Failure::Usage(error.to_string());
    let engines = servers.engines(Simulation::default()).map_err(|error| usage(&format!("{error:#}")))?;
    let spec = serde_json::json!({ "video": { "title": "a file" }, "language": to.as_str() });
    let mut spec: SubtitleJobSpec = serde_json::from_value(spec).map_err(|error| usage(&error))?;
    spec.output.format = format;
    spec.translation.partial = if partial { PartialTranslations::Allow } else { PartialTranslations::Forbid };
    let text = subtitle.write(subtitle.format).text;
    let request = StandaloneRequest { engines, order: engine, text, from: from.to_string(), glossary, spec };
    let runtime = tokio::runtime::Runtime::new().map_err(|error| usage(&error))?;
    let is_shown = io::stderr().is_terminal();
    let done = runtime.block_on(standalone::translate(request, |progress| show(progress, is_shown)));
    if is_shown {
        eprintln!();
    }
    let TranslatedFile { text, result } = done.map_err(|failed| Failure::Untranslated {
        is_rejected: failed.reason == Reason::TranslationIncomplete,
        code: failed.reason.known().unwrap_or(Reason::WorkerError).as_str(),
        message: match &mismatch {
            Some(found) => format!("{}; the text is in {found}, not in '{from}' as --from says", failed.error_message),
            None => failed.error_message,
        },
    })?;
    if let Some(Untranslated { count, cues }) = &result.untranslated {
        let numbers: Vec<String> = cues.iter().map(u32::to_string).collect();
        eprintln!("warning: {count} cues are not translated: {}", numbers.join(", "));
    }
    match &out {
        None => io::stdout().write_all(text.as_bytes())?,
        Some(out) => output::store(out, &text, replace).map(drop)?,
    }
    if json {
        let (from, to) = (from.as_str(), result.language.as_str());
        let (format, sha256) = (result.format.as_str(), result.sha256.as_str());
        let variant = result.variant.and_then(|variant| variant.known());
        let readability = result.readability;
        let report = Report {
            from,
            to,
            engine: result.engine.as_deref().unwrap_or_default(),
            format,
            cues: result.cues,
            sha256,
            variant,
            readability,
        };
        let mut stdout = io::stdout().lock();
        serde_json::to_writer(&mut stdout, &report).map_err(io::Error::from)?;
        writeln!(stdout)?;
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
