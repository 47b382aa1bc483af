//! `subtitles find`: every candidate that the sources have for a video, with its score and why it would lose.

use std::io::{self, BufWriter, Write};

use serde::Serialize;
use subtitle_contract::job::Candidate;
use subtitle_workers::{
    find::{SourceError, select},
    search::Search as _,
};

use crate::{
    failure::Failure,
    question::{Question, wait},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
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

async fn ask(question: &Question) -> Result<(Report, Option<Failure>), Failure> {
    let (spec, finder) = (question.spec("Original")?, question.finder()?);
    let languages = [question.language.clone()];
    let (mut found, mut errors) = (Vec::new(), Vec::new());
    for (rank, source) in question.order(&finder).into_iter().enumerate() {
        match finder.list(source, &spec.video, &languages, "").await {
            Ok(listed) => found.extend(listed.into_iter().map(|one| (rank, one))),
            Err(error) => errors.push(error),
        }
    }
    let choice = select::choose(&found, &question.language, &spec);
    let candidates = select::candidates(&found, &choice, choice.order.first().copied(), &[]);
    let failure = choice.order.is_empty().then(|| match errors.first() {
        Some(error) => Failure::Source(error.reason(), error.to_string()),
        None => Failure::NothingFound(format!("no '{}' subtitle for '{}'", question.language, question.video)),
    });
    Ok((Report { candidates, errors: errors.iter().map(SourceError::to_string).collect() }, failure))
}

impl Report {
    fn print(&self, out: &mut impl Write) -> io::Result<()> {
        for Candidate { from, score, lost } in &self.candidates {
            let lost = lost.as_deref().map(|reason| format!("  ({reason})")).unwrap_or_default();
            writeln!(out, "{score:>3}  {from}{lost}")?;
        }
        Ok(())
    }
}

pub(crate) fn run(Arguments { question, json }: &Arguments) -> Result<(), Failure> {
    let (report, failure) = wait(ask(question))?;
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
