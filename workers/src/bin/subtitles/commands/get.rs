//! `subtitles get`: the best subtitle for a video, written beside it or where asked. Does what the downloader does,
//! with a store in memory. Does I/O.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
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
    failure::Failure,
    output::{self, Replace, Stored},
    video::{VideoArguments, block_on},
};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    video: VideoArguments,
    /// The file to write; its extension says the format [default: beside the video, as it was found]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Replaces a file that somebody else wrote or changed; of a symlink, the file that it points to
    #[arg(long)]
    force: bool,
}

const EXAMPLES: &str = "\
Examples:
  subtitles get film.mkv --language es                    as film.es.srt, unless somebody else wrote that file
  subtitles get film.mkv --language es --out other.vtt
  subtitles get http://127.0.0.1:8000/film.mkv --language pt-BR
  subtitles get harbour.mkv --language es --season 1 --episode 2 --episode 3
  subtitles get film.mkv --language es --source embedded --force";

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
    let name = if video.is_remote() { url_name(&video.video) } else { video.video.clone() };
    let path = Path::new(&name);
    let stem = path.file_stem().map_or("subtitle".into(), |stem| stem.to_string_lossy());
    path.with_file_name(format!("{stem}.{}.{}", video.language, artifact.format.extension()))
}

/// The last part of a URL's path, decoded, as the name of a file in this folder.
fn url_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    let decoded = percent_decode_str(last).decode_utf8_lossy();
    let is_unsafe = |character: char| character == '/' || character == '\\' || character.is_control();
    decoded.replace(is_unsafe, "_").trim_start_matches('.').to_owned()
}

pub(crate) fn run(Arguments { video, out, force }: &Arguments) -> Result<(), Failure> {
    let replace = if *force { Replace::Always } else { Replace::Ours };
    let format = match out.as_deref() {
        None => "Original",
        Some(out) => {
            output::check(out, replace)?;
            output::format(out)?.name()
        }
    };
    let artifact = block_on(download(video, format))?;
    let out = out.clone().unwrap_or_else(|| default_path(video, &artifact));
    let (cues, source) = (artifact.result.cues, &artifact.result.source);
    match output::store(&out, &artifact.text, replace)? {
        Stored::Written => {
            output::record(&out, &artifact.text)?;
            eprintln!("{}: {cues} cues from {source}", out.display());
        }
        Stored::Unchanged => eprintln!("{}: has the {cues} cues from {source} already", out.display()),
    }
    Ok(())
}
