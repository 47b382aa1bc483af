//! A folder of models on this machine: what is installed, and whether its files are those that were installed. Does I/O.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};
use subtitle_contract::language::Language;

use super::manifest::{self, ListedFile, Manifest};
use crate::{
    store::{StoreError, hex},
    translate::engines::port::EngineErrorClass,
};

/// Why a model cannot be used; each text names the file or the pair, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file or folder cannot be read or written.
    #[error("failed to {action} '{path}'")]
    File {
        /// "read" and so on.
        action: &'static str,
        /// Which.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file is not what was installed.
    #[error("'{path}' {problem}: {cure}")]
    Broken {
        /// Which.
        path: String,
        /// What is wrong, as a sentence without a subject.
        problem: String,
        /// What to do.
        cure: String,
    },
    /// An object of the store is not what its pair's manifest says.
    #[error("'{key}' in the models' object store {problem}: if the pair is not being replaced just now, {cure}")]
    Stored {
        /// Which.
        key: String,
        /// What is wrong, as a sentence without a subject.
        problem: &'static str,
        /// What to do.
        cure: String,
    },
    /// Nothing to install was found.
    #[error("{0}")]
    Nothing(String),
    /// The object store that holds the models cannot be used.
    #[error("failed to get the models from their object store")]
    Store(#[from] StoreError),
    /// The server that offers the models does not answer as it should.
    #[error("failed to download from {url}: {problem}")]
    Download {
        /// Where.
        url: String,
        /// What is wrong.
        problem: String,
    },
    /// The server that offers the models cannot be reached.
    #[error("failed to reach {url}: without a network, `subtitles models import` installs models from files")]
    Reach {
        /// Where.
        url: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
}

impl ModelError {
    pub(crate) fn file(action: &'static str, path: &Path, source: io::Error) -> Self {
        Self::File { action, path: path.display().to_string(), source }
    }

    /// A file that has to be installed again.
    pub(crate) fn broken(path: &Path, pair: &str, problem: impl Into<String>) -> Self {
        Self::Broken { path: path.display().to_string(), problem: problem.into(), cure: cure(pair) }
    }

    pub(super) fn stored(key: &str, pair: &str, problem: &'static str) -> Self {
        Self::Stored { key: key.to_owned(), problem, cure: cure(pair) }
    }

    /// Whether the models may be usable another time without a person's help.
    pub(crate) const fn class(&self) -> EngineErrorClass {
        match self {
            Self::File { .. } | Self::Stored { .. } | Self::Store(_) | Self::Reach { .. } => {
                EngineErrorClass::Unavailable
            }
            Self::Broken { .. } | Self::Nothing(_) | Self::Download { .. } => EngineErrorClass::Forbidden,
        }
    }
}

fn cure(pair: &str) -> String {
    format!("install the pair again with `subtitles models pull {pair}` or `subtitles models import`")
}

/// A folder with a folder for each pair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder(pub PathBuf);

/// An installed model.
#[derive(Clone, Debug)]
pub struct Installed {
    /// The language that it translates from.
    pub from: Language,
    /// The language that it translates into.
    pub to: Language,
    /// The pair's folder.
    pub folder: PathBuf,
    /// What was installed.
    pub manifest: Manifest,
}

impl Folder {
    /// What is installed, in order; the error names the first pair that cannot be read. Files are not verified.
    pub fn installed(&self) -> Result<Vec<Installed>, ModelError> {
        let mut installed = Vec::new();
        for (name, folder) in self.pairs()? {
            installed.push(Self::read(&name, folder)?);
        }
        Ok(installed)
    }

    /// The folders of pairs, by name.
    pub fn pairs(&self) -> Result<Vec<(String, PathBuf)>, ModelError> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(ModelError::file("read", &self.0, error)),
        };
        let mut pairs: Vec<(String, PathBuf)> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| Some((entry.file_name().to_str()?.to_owned(), entry.path())))
            .filter(|(name, path)| path.is_dir() && manifest::pair(name).is_some())
            .collect();
        pairs.sort();
        Ok(pairs)
    }

    /// One pair.
    pub fn read(pair: &str, folder: PathBuf) -> Result<Installed, ModelError> {
        let path = folder.join(manifest::NAME);
        let broken = |problem: &str| ModelError::broken(&path, pair, problem);
        let bytes = match fs::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(broken("is missing")),
            Err(error) => return Err(ModelError::file("read", &path, error)),
        };
        let (manifest, (from, to)) = Manifest::parse(&bytes).map_err(broken)?;
        Ok(Installed { from, to, folder, manifest })
    }
}

impl Installed {
    /// Checks size and SHA-256 of each file.
    pub fn verify(&self) -> Result<(), ModelError> {
        for file in &self.manifest.files {
            let path = self.folder.join(&file.name);
            let broken = |problem: String| ModelError::broken(&path, &self.manifest.pair(), problem);
            let mut opened = match fs::File::open(&path) {
                Ok(opened) => opened,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(broken("is missing".to_owned())),
                Err(error) => return Err(ModelError::file("read", &path, error)),
            };
            let mut digest = Sha256::new();
            let size = io::copy(&mut opened, &mut digest).map_err(|error| ModelError::file("read", &path, error))?;
            if size != file.size {
                return Err(broken(format!("has {size} bytes instead of {}", file.size)));
            }
            if hex(&digest.finalize()) != file.sha256 {
                return Err(broken("has another SHA-256 than when it was installed".to_owned()));
            }
        }
        Ok(())
    }

    /// Whether each file has the size that it was installed with, which costs less than [`Self::verify`].
    pub(super) fn has_sizes(&self) -> bool {
        let has_size = |file: &ListedFile| {
            fs::metadata(self.folder.join(&file.name)).is_ok_and(|metadata| metadata.len() == file.size)
        };
        self.manifest.files.iter().all(has_size)
    }

    /// The paths of the weights and of both vocabularies.
    pub fn parts(&self) -> Option<[PathBuf; 3]> {
        Some(self.manifest.parts()?.map(|name| self.folder.join(name)))
    }
}
