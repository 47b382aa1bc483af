//! The arguments of `find` and `get`: a video, a language and where to look. Does I/O: checks that the file exists.

use std::path::Path;

use serde_json::json;
use subtitle_contract::{job::SubtitleJobSpec, language::Language};
use subtitle_workers::find::{
    Finder, Libraries, Links, SourceId,
    guard::{Guard, GuardedClient},
    parser::Parser,
    providers::{ProviderArguments, rate_limit::RateLimiter},
};

use crate::failure::Failure;

/// The name of the library that is the video's folder.
const LIBRARY: &str = "folder";

#[derive(clap::Args)]
pub(crate) struct VideoArguments {
    /// The video: a file, or a URL that answers Range requests
    #[arg(value_name = "VIDEO")]
    pub(crate) video: String,
    /// The language of the subtitle, such as es, pt-BR or zh-Hans
    #[arg(long, value_name = "TAG", value_parser = |text: &str| Language::parse(text))]
    pub(crate) language: Language,
    /// Sources to ask, in this order; may be given several times [default: embedded, library, then the providers that
    /// are configured]
    #[arg(long = "source", value_name = "NAME", value_parser = SourceId::parse_name)]
    sources: Vec<SourceId>,
    /// A library behind HTTP: a URL with {stem} and {language} in it
    #[arg(long, value_name = "TEMPLATE")]
    library_url: Option<String>,
    #[command(flatten)]
    providers: ProviderArguments,
    /// The season, where the video's name does not say it or is wrong; 0 is for specials
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(0..=10_000))]
    season: Option<u16>,
    /// The episode; may be given several times for a video of several episodes
    #[arg(long = "episode", value_name = "NUMBER", requires = "season", value_parser = clap::value_parser!(u16).range(0..=10_000))]
    episodes: Vec<u16>,
    /// The IMDb id of the film or the episode, such as tt0133093
    #[arg(long, value_name = "ID", value_parser = imdb_id)]
    imdb: Option<String>,
}

/// An id as IMDb has it, with `tt` or without.
fn imdb_id(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix("tt").unwrap_or(text);
    if (1..=10).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(format!("tt{digits:0>7}"));
    }
    Err("an IMDb id is needed, such as tt0133093".to_owned())
}

impl VideoArguments {
    /// Whether the video is behind HTTP.
    pub(crate) fn is_remote(&self) -> bool {
        self.video.starts_with("http://") || self.video.starts_with("https://")
    }

    /// The sources to ask.
    pub(crate) fn order(&self, finder: &Finder) -> Vec<SourceId> {
        if self.sources.is_empty() { finder.default_order() } else { self.sources.clone() }
    }

    /// The spec of a job that asks for the same; no translation.
    pub(crate) fn spec(&self, format: &str) -> Result<SubtitleJobSpec, Failure> {
        let mut video = if self.is_remote() {
            json!({"url": self.video})
        } else {
            let path = Path::new(&self.video);
            if !path.is_file() {
                let message = "there is no such file".to_owned();
                return Err(Failure::Unreadable { input: self.video.clone(), code: "unreadable-input", message });
            }
            json!({"library": LIBRARY, "path": path.file_name().unwrap_or_default().to_string_lossy()})
        };
        if let Some(season) = self.season {
            video["season"] = season.into();
        }
        if !self.episodes.is_empty() {
            video["episodes"] = self.episodes.clone().into();
        }
        if let Some(imdb) = &self.imdb {
            video["imdbId"] = imdb.as_str().into();
        }
        let spec = json!({
            "video": video, "language": self.language, "output": {"format": format}, "translation": {"policy": "Never"}
        });
        serde_json::from_value(spec).map_err(|error| Failure::Usage(error.to_string()))
    }

    /// The sources. A URL on the command line may lead anywhere: no other network needs to be guarded.
    pub(crate) fn finder(&self) -> Result<Finder, Failure> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let everything = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|network| network.parse().ok());
        let guard = Guard::new(everything);
        let guarded = GuardedClient::new(guard.clone()).map_err(|error| Failure::Usage(error.to_string()))?;
        let limiters = |_, limits| RateLimiter::local(limits);
        let providers =
            self.providers.providers(&guard, &limiters).map_err(|error| Failure::Usage(format!("{error:#}")))?;
        if let Some((name, setting)) =
            self.sources.iter().find_map(|name| Some((name, providers.missing_setting(*name)?)))
        {
            let variable = setting.variable;
            return Err(Failure::Usage(format!("'{name}' is not configured: set {variable}, or see --help")));
        }
        let folder = Path::new(&self.video).parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
        let libraries = if self.is_remote() { None } else { Some((LIBRARY.to_owned(), folder)) };
        let mounted = libraries.into_iter().collect();
        let libraries = Libraries::new(mounted, self.library_url.clone(), reqwest::Client::new());
        // The links are those of the person at the command line.
        let libraries = libraries.with_links(Links::Followed);
        Ok(Finder { providers, parser: Parser::in_processes(1), ..Finder::new(libraries, guarded) })
    }
}

/// Runs a future to its end.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Usage(format!("failed to start the runtime: {error}")))?.block_on(work)
}
