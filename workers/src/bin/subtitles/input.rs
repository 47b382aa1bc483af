//! The file that a command reads, or standard input, and what is declared of it. Does I/O.

use std::io::Read as _;

use subtitle_contract::language::Language;
use subtitle_workers::{
    store::sha256,
    subtitle::{
        container::LARGEST,
        file::{self, Declared, File},
    },
};

use crate::failure::Failure;

/// The arguments of every command that reads a file.
#[derive(clap::Args)]
pub(crate) struct Input {
    /// The file; - for standard input
    #[arg(value_name = "FILE")]
    path: String,
    /// The language it should be in, such as es, pt-BR or zh-Hans: chooses the charset, and the file in an archive
    #[arg(long, value_name = "TAG", value_parser = |text: &str| Language::parse(text))]
    language: Option<Language>,
    /// The video's frames per second, for MicroDVD files that do not say it
    #[arg(long, value_name = "NUMBER", value_parser = frame_rate)]
    frame_rate: Option<f64>,
}

/// A rate that a video can have.
pub(crate) fn frame_rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok().filter(|rate| (1.0..=1000.0).contains(rate));
    rate.ok_or_else(|| "a number from 1 to 1000 is needed, such as 23.976".to_owned())
}

/// A file that was read.
pub(crate) struct Opened {
    pub(crate) file: File,
    /// The SHA-256 of the bytes as they came.
    pub(crate) sha256: String,
}

impl Input {
    /// The file at `path`, which should be in `language`.
    pub(crate) const fn new(path: String, language: Language, frame_rate: Option<f64>) -> Self {
        Self { path, language: Some(language), frame_rate }
    }

    /// The path as it was given.
    pub(crate) fn name(&self) -> &str {
        &self.path
    }

    /// Reads the file.
    pub(crate) fn open(&self) -> Result<Opened, Failure> {
        let bytes = self.bytes().map_err(|error| {
            let message = format!("it cannot be read: {error}");
            Failure::Unreadable { input: self.path.clone(), code: "unreadable-input", message }
        })?;
        let declared = Declared { language: self.language.as_ref(), episode: None, frame_rate: self.frame_rate };
        let file = file::read(&bytes, &declared).map_err(|unreadable| Failure::unreadable(&self.path, &unreadable))?;
        Ok(Opened { file, sha256: sha256(&bytes) })
    }

    /// One byte more than a subtitle can have is enough to know that the file is not a subtitle.
    fn bytes(&self) -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let limit = u64::try_from(LARGEST).unwrap_or(u64::MAX) + 1;
        if self.path == "-" {
            std::io::stdin().take(limit).read_to_end(&mut bytes)?;
        } else {
            std::fs::File::open(&self.path)?.take(limit).read_to_end(&mut bytes)?;
        }
        Ok(bytes)
    }
}
