//! `subtitles get`: the best subtitle for a video, written beside it or where asked. Does what the downloader does,
//! with a store in memory. Does I/O.

use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;
use subtitle_contract::reason::Reason;
use subtitle_telemetry::chain;
use subtitle_workers::{
    artifact::StoreArtifact,
    downloader::{DownloadOutcome, Downloader},
    store::Store,
};

use crate::{
    failure::Failure,
    fields::without_fields,
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

/// The best file, and what a person should know about it.
async fn download(video: &VideoArguments, format: &str) -> Result<(StoreArtifact, Vec<String>), Failure> {
    let (spec, finder) = (video.spec(format)?, video.finder()?);
    let store = "memory:".parse().map_err(|error| Failure::Usage(format!("{error}")));
    let store = Store::open(&store?).map_err(|error| Failure::Usage(chain(&error).to_string()))?;
    let order = video.order(&finder);
    match Downloader::standalone(finder, order, store).answer("subtitles-get", spec).await {
        Ok(DownloadOutcome::Ready { artifact, warnings, .. }) => Ok((artifact, warnings)),
        // The spec forbids translation.
        Ok(DownloadOutcome::Translate { .. }) => {
            Err(Failure::NothingFound("only another language was found".to_owned()))
        }
        Err(failure) => Err(match failure.reason {
            Reason::NoSubtitleFound | Reason::ImageBased => Failure::NothingFound(failure.message),
            Reason::UnusableSubtitle | Reason::UndecodableText => Failure::Unreadable {
                input: video.video.clone(),
                code: failure.reason.as_str(),
                message: failure.message,
            },
            reason => Failure::Source(reason, failure.message),
        }),
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
    let (artifact, warnings) = block_on(download(video, format))?;
    let out = out.clone().unwrap_or_else(|| default_path(video, &artifact));
    for warning in warnings {
        eprintln!("warning: {}", without_fields(&warning));
    }
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
