//! What `find` and `get` are asked: a video, a language and where to look. Looks at the arguments and the file's
//! presence only.

use std::path::Path;

use serde_json::json;
use subtitle_contract::{job::SubtitleJobSpec, language::Language, names::SOURCES};
use subtitle_workers::{
    find::{
        Finder, Sources,
        guard::{Guard, GuardedClient},
        online::{settings::ProviderArguments, turns::Turns},
        simulated::Simulation,
    },
    named,
};

use crate::failure::Failure;

/// The library that the video's folder is.
const LIBRARY: &str = "folder";

#[derive(clap::Args)]
pub(crate) struct Question {
    /// The video: a file, or a URL that answers Range requests
    #[arg(value_name = "VIDEO")]
    pub(crate) video: String,
    /// The language of the subtitle, such as es, pt-BR or zh-Hans
    #[arg(long, value_name = "TAG", value_parser = |text: &str| Language::parse(text))]
    pub(crate) language: Language,
    /// Sources to ask, in this order; may be given several times [default: embedded, library, then the providers that
    /// are configured]
    #[arg(long = "source", value_name = "NAME", value_parser = |name: &str| named::parse(&SOURCES, name))]
    sources: Vec<&'static str>,
    /// A library behind HTTP: a URL with {stem} and {language} in it
    #[arg(long, value_name = "TEMPLATE")]
    library_url: Option<String>,
    #[command(flatten)]
    providers: ProviderArguments,
}

impl Question {
    /// Whether the video is behind HTTP.
    pub(crate) fn is_remote(&self) -> bool {
        self.video.starts_with("http://") || self.video.starts_with("https://")
    }

    /// The sources to ask.
    pub(crate) fn order(&self, finder: &Finder) -> Vec<&'static str> {
        if self.sources.is_empty() { finder.usual_order() } else { self.sources.clone() }
    }

    /// The same as a job asks it; no translation.
    pub(crate) fn spec(&self, format: &str) -> Result<SubtitleJobSpec, Failure> {
        let video = if self.is_remote() {
            json!({"url": self.video})
        } else {
            let path = Path::new(&self.video);
            if !path.is_file() {
                let message = "there is no such file".to_owned();
                return Err(Failure::Unreadable { input: self.video.clone(), code: "unreadable-input", message });
            }
            json!({"library": LIBRARY, "path": path.file_name().unwrap_or_default().to_string_lossy()})
        };
        let spec = json!({
            "video": video, "language": self.language, "output": {"format": format}, "translation": {"policy": "Never"}
        });
        serde_json::from_value(spec).map_err(|error| Failure::Usage(error.to_string()))
    }

    /// What can be asked. Whoever types a URL may reach it: there is nobody else's network to guard.
    pub(crate) fn finder(&self) -> Result<Finder, Failure> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let everything = ["0.0.0.0/0", "::/0"].into_iter().filter_map(|network| network.parse().ok());
        let guard = Guard::new(everything);
        let guarded = GuardedClient::new(guard.clone()).map_err(|error| Failure::Usage(error.to_string()))?;
        let alone = |_, limits| Turns::alone(limits);
        let online = self.providers.online(&guard, &alone).map_err(|error| Failure::Usage(format!("{error:#}")))?;
        if let Some((name, setting)) = self.sources.iter().find_map(|name| Some((name, online.missing(name)?))) {
            return Err(Failure::Usage(format!("'{name}' is not configured: set {setting}, or see --help")));
        }
        let folder = Path::new(&self.video).parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_path_buf();
        let libraries = if self.is_remote() { None } else { Some((LIBRARY.to_owned(), folder)) };
        let sources = Sources {
            libraries: libraries.into_iter().collect(),
            library_url: self.library_url.clone(),
            http: reqwest::Client::new(),
            simulation: Simulation::default(),
        };
        Ok(Finder { online, ..Finder::new(sources, guarded) })
    }
}

/// Runs what needs a runtime.
pub(crate) fn wait<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| Failure::Usage(format!("this machine gives no runtime: {error}")))?.block_on(work)
}
