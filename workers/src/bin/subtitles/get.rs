//! `subtitles get`: the best subtitle for a video, written beside it or where asked. Does what the downloader does,
//! with a store in memory.

use std::path::{Path, PathBuf};

use subtitle_contract::{
    payload::{DownloadRequested, Subject},
    reason::Reason,
};
use subtitle_workers::{
    artefact::Artefact,
    clock::SystemClock,
    download::{Answer, Downloader},
    metrics::Metrics,
    report::{Gate, Stopped},
    store::Store,
    subtitle::Format,
};

use crate::{
    convert::{format_of, store},
    failure::Failure,
    question::{Question, wait},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    question: Question,
    /// The file to write; its extension says the format [default: beside the video, as it was found]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Nobody takes a command's task away.
struct Open;

impl Gate for Open {
    fn pass(&self) -> Result<(), Stopped> {
        Ok(())
    }
}

async fn found(question: &Question, format: &str) -> Result<Artefact, Failure> {
    let (spec, finder) = (question.spec(format)?, question.finder()?);
    let store = "memory:".parse().map_err(|error| Failure::Usage(format!("{error}")));
    let downloader = Downloader {
        store: Store::open(&store?).map_err(|error| Failure::Usage(error.to_string()))?,
        order: question.order(&finder),
        finder,
        public_url: String::new(),
        metrics: Metrics::of("subtitles").1,
        clock: SystemClock::default(),
    };
    let task = DownloadRequested {
        video_url: String::new(),
        video_title: String::new(),
        language: spec.language.clone(),
        preferred_sources: Vec::new(),
        spec,
        glossary: None,
    };
    let name = "subtitles-get".to_owned();
    let subject = Subject { job_id: name.clone(), namespace: name.clone(), name, attempt: 1 };
    match downloader.answer(&task, &subject, &Open).await {
        Ok(Answer::Ready { artefact, .. }) => Ok(artefact),
        // The spec forbids translation.
        Ok(Answer::Translate { .. }) => Err(Failure::NothingFound("only another language was found".to_owned())),
        Err(Stopped::Failed(failure)) => Err(match failure.reason {
            Reason::NoSubtitleFound | Reason::ImageBased => Failure::NothingFound(failure.message),
            Reason::UnusableSubtitle | Reason::UndecodableText => Failure::Unreadable {
                input: question.video.clone(),
                code: failure.reason.as_str(),
                message: failure.message,
            },
            reason => Failure::Source(reason, failure.message),
        }),
        Err(stopped) => Err(Failure::Usage(stopped.to_string())),
    }
}

/// `film.es.srt` beside `film.mkv`, or in this folder for a URL.
fn place(question: &Question, artefact: &Artefact) -> PathBuf {
    let is_written = |format: &Format| artefact.result.format == format.name();
    let format = [Format::WebVtt, Format::Ass].into_iter().find(is_written).unwrap_or(Format::Srt);
    let path = question.video.split(['?', '#']).next().unwrap_or_default();
    let path =
        Path::new(if question.is_remote() { path.rsplit('/').next().unwrap_or_default() } else { &question.video });
    let stem = path.file_stem().map_or("subtitle".into(), |stem| stem.to_string_lossy());
    path.with_file_name(format!("{stem}.{}.{}", question.language, format.extension()))
}

pub(crate) fn run(Arguments { question, out }: &Arguments) -> Result<(), Failure> {
    let format = match out.as_deref().map(format_of).transpose()? {
        None => "Original",
        Some(format) => format.name(),
    };
    let artefact = wait(found(question, format))?;
    let out = out.clone().unwrap_or_else(|| place(question, &artefact));
    store(&out, &artefact.text)
        .map_err(|error| Failure::Usage(format!("'{}' cannot be written: {error}", out.display())))?;
    eprintln!("{}: {} cues from {}", out.display(), artefact.result.cues, artefact.result.source);
    Ok(())
}
