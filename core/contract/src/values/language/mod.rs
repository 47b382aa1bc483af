//! BCP 47 language tags, compared by their base language if one of the two has no subtags. Pure.

mod registry;

use std::fmt;

use oxilangtag::LanguageTag;
use serde::{Deserialize, Serialize};

/// A well-formed BCP 47 tag in canonical case, such as `es`, `pt-BR`, `zh-Hans`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Language(String);

/// A text that is not a language tag.
#[derive(Debug, thiserror::Error)]
#[error("failed to read '{text}' as a BCP 47 language tag, such as es, pt-BR or zh-Hans")]
pub struct InvalidLanguage {
    text: String,
}

const UNDETERMINED: &str = "und";

impl Language {
    /// Reads a tag; the codes of ISO 639-2 and 639-3 become the two-letter code, if there is one. Unregistered codes are
    /// read too, see [`Self::is_registered`].
    pub fn parse(text: &str) -> Result<Self, InvalidLanguage> {
        let invalid = || InvalidLanguage { text: crate::text::sanitize(text, 40) };
        let tag = LanguageTag::parse_and_normalize(text).map_err(|_| invalid())?;
        let primary = tag.primary_language();
        if !(2..=3).contains(&primary.len()) || text.len() > 35 {
            return Err(invalid());
        }
        Ok(Self(format!("{}{}", registry::canonical(primary), &tag.as_str()[primary.len()..])))
    }

    /// The language by its English or own name, in any case, such as `Dutch` or `Deutsch`.
    pub fn from_name(name: &str) -> Option<Self> {
        registry::named(&name.to_lowercase()).map(|code| Self(code.to_owned()))
    }

    /// `und`: what a source offers does not say its language.
    pub fn undetermined() -> Self {
        Self(UNDETERMINED.to_owned())
    }

    /// Whether this says nothing: `und`, `mis` (uncoded), `mul` (several), `zxx` (none).
    pub fn is_undetermined(&self) -> bool {
        [UNDETERMINED, "mis", "mul", "zxx"].contains(&self.primary())
    }

    /// Whether the primary language is one of ISO 639.
    pub fn is_registered(&self) -> bool {
        registry::is_registered(self.primary())
    }

    /// The tag.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The ISO 639-3 code of the language, such as `fra`; `None` for an unregistered one.
    pub fn iso_639_3(&self) -> Option<&'static str> {
        registry::iso_639_3(self.primary())
    }

    /// The primary language, such as `pt` of `pt-BR`.
    pub fn primary(&self) -> &str {
        self.0.split('-').next().unwrap_or(&self.0)
    }

    /// Whether `offered` satisfies a request for this: the same tag, or the same base language if one of the two has no
    /// subtags. Norwegian (`no`) and its written forms (`nb`, `nn`) satisfy each other, but not the forms one another.
    pub fn accepts(&self, offered: &Self) -> bool {
        let is_bare = self.0 == self.primary() || offered.0 == offered.primary();
        self == offered || (is_bare && registry::is_same(self.primary(), offered.primary()))
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
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
        Language::parse(text).expect("a tag")
    }

    #[test]
    fn three_letter_codes_and_case_become_canonical() {
        assert_eq!(tag("SPA").as_str(), "es");
        assert_eq!(tag("pt-br").as_str(), "pt-BR");
        assert_eq!(tag("zh-hans").as_str(), "zh-Hans");
    }

    #[test]
    fn every_code_of_iso_639_reads_as_one_tag() {
        for (code, expected) in [
            ("nob", "nb"),
            ("nno", "nn"),
            ("nor", "no"),
            ("ben", "bn"),
            ("tam", "ta"),
            ("tel", "te"),
            ("urd", "ur"),
            ("may", "ms"),
            ("msa", "ms"),
            ("alb", "sq"),
            ("sqi", "sq"),
            ("arm", "hy"),
            ("hye", "hy"),
            ("geo", "ka"),
            ("kat", "ka"),
            ("bos", "bs"),
            ("cmn", "zh"),
            ("yue", "yue"),
            ("iw", "he"),
            ("scn", "scn"),
            ("wel", "cy"),
        ] {
            assert_eq!(tag(code).as_str(), expected, "{code}");
            assert!(tag(code).is_registered(), "{code}");
        }
        assert!(!tag("xx").is_registered() && !tag("qqq").is_registered());
    }

    #[test]
    fn names_are_read_in_english_and_in_the_language_itself() {
        for (name, expected) in [
            ("Dutch", Some("nl")),
            ("ENGLISH", Some("en")),
            ("Español", Some("es")),
            ("日本語", Some("ja")),
            ("Greek", Some("el")),
            ("Cantonese", Some("yue")),
            ("Русский", Some("ru")),
            ("Even", None),
            ("Harbour", None),
        ] {
            assert_eq!(Language::from_name(name).map(String::from).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_tag_has_one_three_letter_code() {
        for (text, code) in [
            ("fr", Some("fra")),
            ("zh-Hans", Some("zho")),
            ("sk", Some("slk")),
            ("zu", Some("zul")),
            ("yue", Some("yue")),
            ("xx", None),
        ] {
            assert_eq!(tag(text).iso_639_3(), code, "{text}");
        }
    }

    #[test]
    fn what_is_no_tag_is_refused() {
        for text in ["", "spanish!", "x", "es_ES", "englishlanguage"] {
            assert!(Language::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn variants_do_not_serve_each_other_but_the_bare_language_does() {
        assert!(tag("pt-BR").accepts(&tag("pt")));
        assert!(tag("pt").accepts(&tag("pt-PT")));
        assert!(!tag("pt-BR").accepts(&tag("pt-PT")));
        assert!(!tag("es").accepts(&tag("en")));
        assert!(tag("no").accepts(&tag("nb")) && tag("nb").accepts(&tag("no")) && tag("tl").accepts(&tag("fil")));
        assert!(!tag("nb").accepts(&tag("nn")) && !tag("es").accepts(&Language::undetermined()));
    }
}
