//! `subtitles get`: the best subtitle for a video, written beside it or where asked. Does what the downloader does,
//! with a store in memory. Does I/O.

use std::path::{Path, PathBuf};

use subtitle_clock::SystemRuntime;
use subtitle_contract::{
    payload::{DownloadRequested, Subject},
    reason::Reason,
};
use subtitle_workers::{
    artifact::StoreArtifact,
    downloader::{DownloadOutcome, Downloader},
    metrics::WorkerMetrics,
    store::Store,
    task::{ClaimOwners, StopReason, StopSignal},
};

use crate::{
    commands::convert::{format_of, store},
    failure::Failure,
    video::{VideoArguments, block_on},
};

#[derive(clap::Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    video: VideoArguments,
    /// The file to write; its extension says the format [default: beside the video, as it was found]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A command is not stopped.
struct NeverStop;

impl StopSignal for NeverStop {
    fn check(&self) -> Result<(), StopReason> {
        Ok(())
    }
}

async fn download(video: &VideoArguments, format: &str) -> Result<StoreArtifact, Failure> {
    let (spec, finder) = (video.spec(format)?, video.finder()?);
    let store = "memory:".parse().map_err(|error| Failure::Usage(format!("{error}")));
    let downloader = Downloader {
        store: Store::open(&store?).map_err(|error| Failure::Usage(error.to_string()))?,
        order: video.order(&finder),
        finder,
        public_url: String::new(),
        metrics: WorkerMetrics::new("subtitles").1,
        clock: SystemRuntime::default(),
        claim_owners: ClaimOwners::new("subtitles-get"),
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
    match downloader.run(&task, &subject, &NeverStop).await {
        Ok(DownloadOutcome::Ready { artifact, .. }) => Ok(artifact),
        // The spec forbids translation.
        Ok(DownloadOutcome::Translate { .. }) => {
            Err(Failure::NothingFound("only another language was found".to_owned()))
        }
        Err(StopReason::Failed(failure)) => Err(match failure.reason {
            Reason::NoSubtitleFound | Reason::ImageBased => Failure::NothingFound(failure.message),
            Reason::UnusableSubtitle | Reason::UndecodableText => Failure::Unreadable {
                input: video.video.clone(),
                code: failure.reason.as_str(),
                message: failure.message,
            },
            reason => Failure::Source(reason, failure.message),
        }),
        Err(reason) => Err(Failure::Usage(reason.to_string())),
    }
}

/// `film.es.srt` beside `film.mkv`, or in this folder for a URL.
fn default_path(video: &VideoArguments, artifact: &StoreArtifact) -> PathBuf {
    let path = video.video.split(['?', '#']).next().unwrap_or_default();
    let path = Path::new(if video.is_remote() { path.rsplit('/').next().unwrap_or_default() } else { &video.video });
    let stem = path.file_stem().map_or("subtitle".into(), |stem| stem.to_string_lossy());
    path.with_file_name(format!("{stem}.{}.{}", video.language, artifact.format.extension()))
}

pub(crate) fn run(Arguments { video, out }: &Arguments) -> Result<(), Failure> {
    let format = match out.as_deref().map(format_of).transpose()? {
        None => "Original",
        Some(format) => format.name(),
    };
    let artifact = block_on(download(video, format))?;
    let out = out.clone().unwrap_or_else(|| default_path(video, &artifact));
    store(&out, &artifact.text)
        .map_err(|error| Failure::Usage(format!("'{}' cannot be written: {error}", out.display())))?;
    eprintln!("{}: {} cues from {}", out.display(), artifact.result.cues, artifact.result.source);
    Ok(())
}
