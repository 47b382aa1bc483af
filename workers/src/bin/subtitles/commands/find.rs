//! `subtitles find`: every candidate that the sources have for a video, with its score and why it would lose. Does I/O.

use std::{
    cmp::Reverse,
    io::{self, BufWriter, Write},
};

use serde::Serialize;
use subtitle_contract::{language::Language, text};
use subtitle_telemetry::chain;
use subtitle_workers::find::{
    FoundSubtitle, ListRequest, Search as _, TaskBudget, VideoFacts,
    choose::select::{self, Choice},
};

use crate::{
    failure::Failure,
    fields::without_fields,
    video::{VideoArguments, block_on},
};

/// The longest name of a candidate, in characters.
const MAX_NAME: usize = 256;

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    video: VideoArguments,
    /// Prints one JSON object with every candidate and every source that could not be asked
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  subtitles find film.mkv --language es
  subtitles find http://127.0.0.1:8000/film.mkv --language zh-Hant --source embedded
  subtitles find harbour.mkv --language es --season 1 --episode 2      for a name that does not say it
  subtitles find film.mkv --language es --imdb tt0133093 --json | jq '.candidates[] | [.score, .language, .name]'";

/// The object that `--json` prints; its keys are an interface.
#[derive(Serialize)]
struct Report {
    /// Best first, then those that cannot be taken.
    candidates: Vec<Row>,
    errors: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    /// Source, name and the parts of the score.
    from: String,
    source: &'static str,
    name: String,
    language: Language,
    forced: bool,
    hearing_impaired: bool,
    machine_translated: bool,
    score: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    rejection_reason: Option<String>,
}

async fn list(video: &VideoArguments) -> Result<(Report, Option<Failure>), Failure> {
    let (spec, finder) = (video.spec("Original")?, video.finder()?);
    let languages = [video.language.clone()];
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let order = video.order(&finder);
    let needs_facts = order.iter().any(|source| source.is_provider());
    let budget = TaskBudget::default();
    let facts = if needs_facts { finder.inspect(&spec.video, &budget).await } else { VideoFacts::default() };
    let request = ListRequest { facts: &facts, ..ListRequest::new(&spec.video, &languages, &budget) };
    for (rank, source) in order.into_iter().enumerate() {
        match finder.list(source, &request).await {
            Ok(listed) => found.extend(listed.into_iter().map(|one| (rank, one))),
            Err(error) => errors.push(error),
        }
    }
    let choice = select::choose(&found, &video.language, &spec);
    let failure = choice.order.is_empty().then(|| match errors.first() {
        Some(error) => Failure::Source(error.reason(), chain(error).to_string()),
        None => Failure::NothingFound(format!("no '{}' subtitle for '{}'", video.language, video.video)),
    });
    let candidates = rows(&found, &choice);
    Ok((Report { candidates, errors: errors.iter().map(|error| chain(error).to_string()).collect() }, failure))
}

fn rows(found: &[(usize, FoundSubtitle)], choice: &Choice) -> Vec<Row> {
    let mut rejected: Vec<usize> = (0..found.len()).filter(|at| choice.rejections[*at].is_some()).collect();
    rejected.sort_by_key(|at| Reverse(choice.scores[*at].percent()));
    let row = |at: usize| {
        let one = &found[at].1;
        let rejection = choice.rejections[at].as_deref().map(without_fields);
        let parts = choice.scores[at].explained();
        let parts = if rejection.is_some() || parts.is_empty() { String::new() } else { format!(" ({parts})") };
        let name = text::sanitize(&one.label, MAX_NAME);
        Row {
            from: format!("{}: {name}{parts}", one.source),
            source: one.source.name(),
            name,
            language: one.language.clone(),
            forced: one.forced,
            hearing_impaired: one.hearing_impaired,
            machine_translated: one.is_machine_translated,
            score: if rejection.is_some() { 0 } else { choice.scores[at].percent() },
            rejection_reason: rejection.or_else(|| choice.reason(found, at)),
        }
    };
    choice.order.iter().copied().chain(rejected).map(row).collect()
}

impl Report {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for Row { from, score, language, rejection_reason, .. } in &self.candidates {
            let reason = rejection_reason.as_deref().map(|reason| format!("  ({reason})")).unwrap_or_default();
            writeln!(out, "{score:>3}  {language:<7}  {from}{reason}")?;
        }
        Ok(())
    }
}

pub(crate) fn run(Arguments { video, json }: &Arguments) -> Result<(), Failure> {
    let (report, failure) = block_on(list(video))?;
    let mut out = BufWriter::new(io::stdout().lock());
    let printed = if *json {
        serde_json::to_writer(&mut out, &report).map_err(io::Error::from).and_then(|()| writeln!(out))
    } else {
        report.print(&mut out)
    };
    printed.and_then(|()| out.flush()).map_err(Failure::from)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    for error in &report.errors {
        eprintln!("warning: {error}");
    }
    Ok(())
}
