//! Language codes as providers, engines and file names have them, and BCP 47 tags as everything else does: a code
//! comes in, a tag goes out, and the other way round. Pure.

use subtitle_contract::language::Language;

/// Codes that are no BCP 47 tag, or mean something else than the tag they look like; in lower case. Sources: the
/// language lists of OpenSubtitles, SubDL, Podnapisi, Gestdown, LibreTranslate and DeepL, ISO 639-2 (B and T), the
/// registry's own deprecated codes, and codes of countries that are no codes of languages and that files have for them.
const CODES: &[(&str, &str)] = &[
    ("at", "ast"),
    ("br_pt", "pt-BR"),
    ("chs", "zh-Hans"),
    ("cht", "zh-Hant"),
    ("chi_hans", "zh-Hans"),
    ("chi_hant", "zh-Hant"),
    ("cz", "cs"),
    ("dk", "da"),
    ("ea", "es-419"),
    ("esp", "es"),
    ("fil", "tl"),
    ("gr", "el"),
    ("in", "id"),
    ("iw", "he"),
    ("ji", "yi"),
    ("jp", "ja"),
    ("ma", "mni"),
    ("me", "cnr"),
    ("mne", "cnr"),
    ("mo", "ro"),
    ("pb", "pt-BR"),
    ("pob", "pt-BR"),
    ("pom", "pt-MZ"),
    ("scc", "sr"),
    ("scr", "hr"),
    ("sh", "sr-Latn"),
    ("sp", "es-ES"),
    ("spl", "es-419"),
    ("spn", "es-ES"),
    ("sx", "sat"),
    ("tc", "zh-Hant"),
    ("ua", "uk"),
    ("vn", "vi"),
    ("zh-cn", "zh-Hans"),
    ("zh-hk", "zh-Hant"),
    ("zh-sg", "zh-Hans"),
    ("zh-tw", "zh-Hant"),
    ("zt", "zh-Hant"),
];

/// OpenSubtitles' code for files with two languages in each cue, Chinese and English: no tag says that, and it serves
/// nobody who wants either.
const BILINGUAL: &str = "ze";

/// Reads any code; `None` for what is not a single language.
pub fn read(code: &str) -> Option<Language> {
    let lower = code.trim().to_ascii_lowercase();
    if lower == BILINGUAL {
        return None;
    }
    let tag = CODES.iter().find(|(known, _)| *known == lower).map_or(lower.as_str(), |(_, tag)| tag);
    Language::parse(&tag.replace('_', "-")).ok()
}

/// A service's own language codes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeSystem {
    /// opensubtitles.com: lower case, `pt-br`, `pt-pt`, `zh-cn`, `zh-tw`.
    OpenSubtitles,
    /// SubDL: upper case, `BR_PT`.
    SubDl,
    /// LibreTranslate: `pt-BR`, `zh-Hans`, `zh-Hant`.
    LibreTranslate,
    /// DeepL's `source_lang`: without region.
    DeepLSource,
    /// DeepL's `target_lang`: `EN-GB`, `PT-BR`, `PT-PT`, `ZH-HANS`.
    DeepLTarget,
}

impl CodeSystem {
    /// The service's code for a language.
    pub fn code(self, language: &Language) -> String {
        let (tag, base) = (language.as_str(), language.primary());
        match (self, tag) {
            (Self::OpenSubtitles, "pt" | "pt-PT") => "pt-pt".to_owned(),
            (Self::OpenSubtitles, "pt-BR") => "pt-br".to_owned(),
            (Self::OpenSubtitles, _) if base == "zh" => {
                (if is_traditional(tag) { "zh-tw" } else { "zh-cn" }).to_owned()
            }
            (Self::OpenSubtitles, _) if base == "cnr" => "me".to_owned(),
            (Self::SubDl, "pt-BR") => "BR_PT".to_owned(),
            (Self::LibreTranslate, "pt-BR") => tag.to_owned(),
            (Self::LibreTranslate, _) if base == "zh" => {
                (if is_traditional(tag) { "zh-Hant" } else { "zh-Hans" }).to_owned()
            }
            (Self::DeepLTarget, "pt" | "pt-PT") => "PT-PT".to_owned(),
            (Self::DeepLTarget, "en-GB" | "en-US" | "pt-BR" | "es-419") => tag.to_ascii_uppercase(),
            (Self::DeepLTarget, "en") => "EN-US".to_owned(),
            (Self::DeepLTarget, _) if base == "zh" => {
                (if is_traditional(tag) { "ZH-HANT" } else { "ZH-HANS" }).to_owned()
            }
            (Self::DeepLTarget, _) if base == "es" && is_latin_american(tag) => "ES-419".to_owned(),
            (Self::OpenSubtitles | Self::LibreTranslate, _) => base.to_owned(),
            (Self::SubDl | Self::DeepLSource | Self::DeepLTarget, _) => base.to_ascii_uppercase(),
        }
    }
}

fn is_traditional(tag: &str) -> bool {
    tag.split('-').any(|part| matches!(part, "Hant" | "TW" | "HK" | "MO"))
}

fn is_latin_american(tag: &str) -> bool {
    tag.split('-').nth(1).is_some_and(|region| region.len() == 2 && region != "ES")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(text: &str) -> Language {
        Language::parse(text).expect("a tag")
    }

    #[test]
    fn every_code_in_the_table_is_read_as_a_tag() {
        for (code, expected) in CODES {
            assert_eq!(read(&code.to_ascii_uppercase()).map(String::from).as_deref(), Some(*expected), "{code}");
        }
        for (code, expected) in [("fre", "fr"), ("PT-br", "pt-BR"), ("es", "es"), ("nb", "nb"), ("zh_Hans", "zh-Hans")]
        {
            assert_eq!(read(code).map(String::from).as_deref(), Some(expected), "{code}");
        }
        for code in ["ze", "", "klingon!", "film"] {
            assert_eq!(read(code), None, "{code}");
        }
    }

    #[test]
    fn each_is_spoken_to_in_its_own_codes() {
        use CodeSystem::{DeepLSource, DeepLTarget, LibreTranslate, OpenSubtitles, SubDl};
        for (language, codes) in [
            ("pt-BR", ["pt-br", "BR_PT", "pt-BR", "PT", "PT-BR"]),
            ("pt", ["pt-pt", "PT", "pt", "PT", "PT-PT"]),
            ("zh-Hant", ["zh-tw", "ZH", "zh-Hant", "ZH", "ZH-HANT"]),
            ("zh", ["zh-cn", "ZH", "zh-Hans", "ZH", "ZH-HANS"]),
            ("es-MX", ["es", "ES", "es", "ES", "ES-419"]),
            ("en", ["en", "EN", "en", "EN", "EN-US"]),
            ("he", ["he", "HE", "he", "HE", "HE"]),
        ] {
            let speakers = [OpenSubtitles, SubDl, LibreTranslate, DeepLSource, DeepLTarget];
            assert_eq!(speakers.map(|speaker| speaker.code(&tag(language))), codes, "{language}");
        }
    }
}
