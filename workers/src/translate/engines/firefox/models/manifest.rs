//! What is known of one pair's model: its languages, version, licence and files. Pure.

use serde::{Deserialize, Serialize};
use subtitle_contract::language::Language;

/// The manifest's name beside the files.
pub(super) const NAME: &str = "manifest.json";

/// One pair's model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The language that it translates from, as a BCP 47 tag.
    pub from: String,
    /// The language that it translates into.
    pub to: String,
    /// Its version, as its publisher numbers it.
    pub version: String,
    /// Its licence, as an SPDX identifier.
    pub licence: String,
    /// Where it comes from.
    pub source: String,
    /// Its files.
    pub files: Vec<ListedFile>,
}

/// A file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its name in the pair's folder.
    pub name: String,
    /// In bytes.
    pub size: u64,
    /// In lower-case hexadecimal.
    pub sha256: String,
}

/// What a file of a model is, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The weights.
    Model,
    /// The words of both languages.
    Vocabulary,
    /// The words of the source's language.
    SourceVocabulary,
    /// The words of the target's language.
    TargetVocabulary,
}

impl Kind {
    /// What a file with this name is; `None` if the engine does not read it.
    pub fn from_name(name: &str) -> Option<Self> {
        let (first, last) = name.split_once('.')?;
        let extension = last.rsplit('.').next()?;
        let is_vocabulary = extension == "spm";
        match first {
            "model" if extension == "bin" => Some(Self::Model),
            "vocab" if is_vocabulary => Some(Self::Vocabulary),
            "srcvocab" if is_vocabulary => Some(Self::SourceVocabulary),
            "trgvocab" if is_vocabulary => Some(Self::TargetVocabulary),
            _ => None,
        }
    }
}

impl Manifest {
    /// The name of the pair's folder, such as `en-pt`.
    pub fn pair(&self) -> String {
        format!("{}-{}", self.from, self.to)
    }

    /// The first file of a kind.
    pub(super) fn file(&self, kind: Kind) -> Option<&ListedFile> {
        self.files.iter().find(|file| Kind::from_name(&file.name) == Some(kind))
    }

    /// The names of the weights and of the two vocabularies, which are one file for most pairs.
    pub fn parts(&self) -> Option<[&str; 3]> {
        let shared = self.file(Kind::Vocabulary);
        let source = self.file(Kind::SourceVocabulary).or(shared)?;
        let target = self.file(Kind::TargetVocabulary).or(shared)?;
        Some([&self.file(Kind::Model)?.name, &source.name, &target.name])
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The languages of a pair such as `en-pt` or `en-zh_hant`, as Mozilla writes them.
pub fn pair(name: &str) -> Option<(Language, Language)> {
    let (from, to) = name.split_once('-')?;
    let language = |code: &str| Language::parse(&code.replace('_', "-")).ok();
    Some((language(from)?, language(to)?))
}
