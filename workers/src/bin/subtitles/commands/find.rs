//! `subtitles find`: every candidate that the sources have for a video, with its score and why it would lose. Does I/O.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use subtitle_contract::job::Candidate;
use subtitle_workers::find::{ListRequest, Search as _, SourceError, VideoFacts, choose::select};

use crate::{
    failure::Failure,
    video::{VideoArguments, block_on},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    video: VideoArguments,
    /// Prints one JSON object with every candidate and every source that could not be asked
    #[arg(long)]
    json: bool,
}

/// The object that `--json` prints; its keys are an interface.
#[derive(Serialize)]
struct Report {
    candidates: Vec<Candidate>,
    errors: Vec<String>,
}

async fn list(video: &VideoArguments) -> Result<(Report, Option<Failure>), Failure> {
    let (spec, finder) = (video.spec("Original")?, video.finder()?);
    let languages = [video.language.clone()];
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    let order = video.order(&finder);
    let needs_facts = order.iter().any(|source| source.is_provider());
    let facts = if needs_facts { finder.inspect(&spec.video).await } else { VideoFacts::default() };
    let request = ListRequest { video: &spec.video, languages: &languages, facts: &facts, seed: "" };
    for (rank, source) in order.into_iter().enumerate() {
        match finder.list(source, &request).await {
            Ok(listed) => found.extend(listed.into_iter().map(|one| (rank, one))),
            Err(error) => errors.push(error),
        }
    }
    let choice = select::choose(&found, &video.language, &spec);
    let candidates = select::candidates(&found, &choice, choice.order.first().copied(), &[]);
    let failure = choice.order.is_empty().then(|| match errors.first() {
        Some(error) => Failure::Source(error.reason(), error.to_string()),
        None => Failure::NothingFound(format!("no '{}' subtitle for '{}'", video.language, video.video)),
    });
    Ok((Report { candidates, errors: errors.iter().map(SourceError::to_string).collect() }, failure))
}

impl Report {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for Candidate { from, score, rejection_reason } in &self.candidates {
            let rejection_reason =
                rejection_reason.as_deref().map(|reason| format!("  ({reason})")).unwrap_or_default();
            writeln!(out, "{score:>3}  {from}{rejection_reason}")?;
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
    printed.and_then(|()| out.flush()).map_err(|_| Failure::Closed)?;
    if let Some(failure) = failure {
        return Err(failure);
    }
    for error in &report.errors {
        eprintln!("warning: {error}");
    }
    Ok(())
}
