//! BCP 47 language tags, compared by their primary language if either tag has no further subtags. Pure.

use std::fmt;

use oxilangtag::LanguageTag;
use serde::{Deserialize, Serialize};

/// A well-formed BCP 47 tag in canonical case, such as `es`, `pt-BR`, `zh-Hans`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

/// A string that is not a valid language tag.
#[derive(Debug, thiserror::Error)]
#[error("failed to parse '{text}' as a BCP 47 language tag, such as es, pt-BR or zh-Hans")]
pub struct InvalidLanguage {
    text: String,
}

/// ISO 639-2 codes (B and T) and their BCP 47 tags, for the languages that have a two-letter code and are
/// common in subtitles. Matroska files and sidecar names use the former.
const ISO_639_2: &[(&str, &str)] = &[
    ("ara", "ar"),
    ("bul", "bg"),
    ("cat", "ca"),
    ("ces", "cs"),
    ("chi", "zh"),
    ("cze", "cs"),
    ("dan", "da"),
    ("deu", "de"),
    ("dut", "nl"),
    ("ell", "el"),
    ("eng", "en"),
    ("epo", "eo"),
    ("est", "et"),
    ("eus", "eu"),
    ("baq", "eu"),
    ("fas", "fa"),
    ("fin", "fi"),
    ("fra", "fr"),
    ("fre", "fr"),
    ("ger", "de"),
    ("glg", "gl"),
    ("gre", "el"),
    ("heb", "he"),
    ("hin", "hi"),
    ("hrv", "hr"),
    ("hun", "hu"),
    ("ice", "is"),
    ("ind", "id"),
    ("isl", "is"),
    ("ita", "it"),
    ("jpn", "ja"),
    ("kor", "ko"),
    ("lav", "lv"),
    ("lit", "lt"),
    ("mac", "mk"),
    ("mkd", "mk"),
    ("nld", "nl"),
    ("nor", "no"),
    ("per", "fa"),
    ("pol", "pl"),
    ("por", "pt"),
    ("ron", "ro"),
    ("rum", "ro"),
    ("rus", "ru"),
    ("slk", "sk"),
    ("slo", "sk"),
    ("slv", "sl"),
    ("spa", "es"),
    ("srp", "sr"),
    ("swe", "sv"),
    ("tha", "th"),
    ("tur", "tr"),
    ("ukr", "uk"),
    ("vie", "vi"),
    ("zho", "zh"),
];

/// The bibliographic codes above, each of which has a terminological counterpart.
const BIBLIOGRAPHIC: [&str; 12] = ["baq", "chi", "cze", "dut", "fre", "ger", "gre", "ice", "mac", "per", "rum", "slo"];

impl Language {
    /// Parses a tag; the three-letter codes of common languages are replaced by their two-letter ones.
    pub fn parse(text: &str) -> Result<Self, InvalidLanguage> {
        let invalid = || InvalidLanguage { text: crate::text::clean(text, 40) };
        let tag = LanguageTag::parse_and_normalize(text).map_err(|_| invalid())?;
        let primary = tag.primary_language();
        if !(2..=3).contains(&primary.len()) || text.len() > 35 {
            return Err(invalid());
        }
        let short = ISO_639_2.iter().find(|(long, _)| *long == primary).map_or(primary, |(_, short)| short);
        Ok(Self(format!("{short}{}", &tag.as_str()[primary.len()..])))
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The three-letter code of the language, the terminological one if ISO 639-2 has two (`fra`, not `fre`). A three-letter
    /// primary language is returned as is; `None` for a two-letter one that is rare in subtitles.
    pub fn three_letters(&self) -> Option<&str> {
        if self.base().len() == 3 {
            return Some(self.base());
        }
        let mut codes = ISO_639_2.iter().filter(|(_, short)| *short == self.base()).map(|(long, _)| *long);
        codes.find(|long| !BIBLIOGRAPHIC.contains(long))
    }

    /// The primary language, such as `pt` of `pt-BR`.
    pub fn base(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Whether `offered` satisfies a request for `self`: the same tag, or the same primary language if either has no further
    /// subtags.
    pub fn accepts(&self, offered: &Self) -> bool {
        self == offered || (self.base() == offered.base() && (self.0 == self.base() || offered.0 == offered.base()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for Language {
    type Error = InvalidLanguage;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Language> for String {
    fn from(language: Language) -> Self {
        language.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Language {
        Language::parse(text).expect("the tag is valid")
    }

    #[test]
    fn three_letter_codes_and_case_become_canonical() {
        assert_eq!(tag("SPA").as_str(), "es");
        assert_eq!(tag("pt-br").as_str(), "pt-BR");
        assert_eq!(tag("zh-hans").as_str(), "zh-Hans");
    }

    #[test]
    fn a_tag_has_one_three_letter_code() {
        for (text, code) in [("fr", Some("fra")), ("zh-Hans", Some("zho")), ("sk", Some("slk")), ("zu", None)] {
            assert_eq!(tag(text).three_letters(), code, "{text}");
        }
    }

    #[test]
    fn invalid_tags_are_rejected() {
        for text in ["", "spanish!", "x", "es_ES", "englishlanguage"] {
            assert!(Language::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn regional_variants_do_not_match_each_other_but_match_the_primary_language() {
        assert!(tag("pt-BR").accepts(&tag("pt")));
        assert!(tag("pt").accepts(&tag("pt-PT")));
        assert!(!tag("pt-BR").accepts(&tag("pt-PT")));
        assert!(!tag("es").accepts(&tag("en")));
    }
}
