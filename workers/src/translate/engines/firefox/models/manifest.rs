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
    /// Its licence, as an SPDX identifier, or "unknown".
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
pub(super) enum Kind {
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
    pub(super) fn from_name(name: &str) -> Option<Self> {
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
    /// Reads a manifest that can be used; the error is a sentence without a subject.
    pub(super) fn parse(bytes: &[u8]) -> Result<(Self, (Language, Language)), &'static str> {
        let manifest: Self = serde_json::from_slice(bytes).map_err(|_| "is not a model's manifest")?;
        let languages = manifest.languages()?;
        Ok((manifest, languages))
    }

    /// Its languages, if the rest of it can be used too.
    pub(super) fn languages(&self) -> Result<(Language, Language), &'static str> {
        let parse = |tag: &str| Language::parse(tag).map_err(|_| "names no language");
        let languages = (parse(&self.from)?, parse(&self.to)?);
        let is_plain = |name: &str| !name.is_empty() && !name.starts_with('.') && !name.contains(['/', '\\']);
        if !self.files.iter().all(|file| is_plain(&file.name)) {
            return Err("names files outside of its folder");
        }
        self.parts().ok_or("lists no weights or no vocabulary")?;
        Ok(languages)
    }

    /// The name of the pair's folder, such as `en-pt`.
    pub fn pair(&self) -> String {
        format!("{}-{}", self.from, self.to)
    }

    /// The names of the weights and of the two vocabularies, which are one file for most pairs.
    pub fn parts(&self) -> Option<[&str; 3]> {
        let file = |kind: Kind| self.files.iter().find(|file| Kind::from_name(&file.name) == Some(kind));
        let shared = file(Kind::Vocabulary);
        let source = file(Kind::SourceVocabulary).or(shared)?;
        let target = file(Kind::TargetVocabulary).or(shared)?;
        Some([&file(Kind::Model)?.name, &source.name, &target.name])
    }

    /// Bytes of all files.
    pub fn size(&self) -> u64 {
        self.files.iter().map(|file| file.size).sum()
    }
}

/// The languages of a pair such as `en-pt`, `en-zh-Hant` and `zh-Hant-en`, or `en-zh_hant` as Mozilla writes it.
pub fn pair(name: &str) -> Option<(Language, Language)> {
    let language = |code: &str| Language::parse(&code.replace('_', "-")).ok();
    let split = |at: usize| Some((language(&name[..at])?, language(&name[at + 1..])?));
    // A language begins with a small letter, its script or region with a capital one.
    let places = || name.match_indices('-').map(|(at, _)| at);
    let is_language = |at: &usize| name[at + 1..].starts_with(|one: char| one.is_ascii_lowercase());
    places().filter(is_language).find_map(split).or_else(|| places().find_map(split))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pairs_name_says_both_languages_with_their_scripts_and_regions() {
        for (name, expected) in [
            ("en-pt", Some(("en", "pt"))),
            ("en-zh-Hant", Some(("en", "zh-Hant"))),
            ("zh-Hant-en", Some(("zh-Hant", "en"))),
            ("pt-BR-en", Some(("pt-BR", "en"))),
            ("en-zh_hant", Some(("en", "zh-Hant"))),
            ("en-PT", Some(("en", "pt"))),
            ("../models", None),
            ("en", None),
        ] {
            let found = pair(name);
            assert_eq!(found.as_ref().map(|(from, to)| (from.as_str(), to.as_str())), expected, "{name}");
        }
    }

    #[test]
    fn no_manifest_names_a_file_outside_of_its_folder() {
        let named = |name: &str| {
            let files = [("model.enpt.bin", 1), (name, 1)]
                .map(|(name, size)| serde_json::json!({"name": name, "size": size, "sha256": ""}));
            let manifest = serde_json::json!({
                "from": "en", "to": "pt", "version": "", "licence": "", "source": "", "files": files
            });
            Manifest::parse(manifest.to_string().as_bytes()).map(drop)
        };
        assert_eq!(named("vocab.enpt.spm"), Ok(()));
        for name in ["/tmp/vocab.enpt.spm", "../vocab.enpt.spm", "vocab./../../../x.spm", ".spm", ""] {
            assert_eq!(named(name), Err("names files outside of its folder"), "{name}");
        }
    }
}
