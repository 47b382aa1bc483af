//! File names beside a video, `<stem>.<language>[.<flag>].<extension>`, as media servers read them. A name comes
//! in, what it says goes out. Pure.

use subtitle_contract::language::Language;

use super::code;

/// What a sidecar's name says.
#[derive(Debug, PartialEq, Eq)]
pub struct SidecarName {
    /// Its language.
    pub language: Language,
    /// Foreign-language parts only.
    pub forced: bool,
    /// Describes sounds and speakers.
    pub hearing_impaired: bool,
}

/// `.sub` is MicroDVD or SubViewer, or pictures, which its first bytes tell.
const EXTENSIONS: [&str; 5] = ["srt", "vtt", "ass", "ssa", "sub"];
const NAMES: [(&str, &str); 8] = [
    ("english", "en"),
    ("spanish", "es"),
    ("french", "fr"),
    ("german", "de"),
    ("italian", "it"),
    ("portuguese", "pt"),
    ("hebrew", "he"),
    ("russian", "ru"),
];

/// Reads `file_name` as a sidecar of the video whose name without extension is `stem`; `None` if it is not one or
/// names no language.
pub fn read(stem: &str, file_name: &str) -> Option<SidecarName> {
    let rest = file_name.strip_prefix(stem)?.strip_prefix('.')?.to_owned();
    let (tokens, extension) = rest.rsplit_once('.')?;
    if !EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) {
        return None;
    }
    let (mut language, mut forced, mut impaired, mut hindi) = (None, false, false, false);
    for token in tokens.split('.').map(|token| token.trim_matches(['[', ']'])) {
        match token.to_ascii_lowercase().as_str() {
            "forced" | "foreign" | "fo" => forced = true,
            "sdh" | "cc" => impaired = true,
            "hi" => hindi = true,
            _ => language = self::language(token).or(language),
        }
    }
    if hindi && language.is_some() {
        impaired = true; // `hi` beside a language is a flag; alone it is Hindi
    } else if hindi {
        language = Language::parse("hi").ok();
    }
    Some(SidecarName { language: language?, forced, hearing_impaired: impaired })
}

/// Two-letter, three-letter and longer tags, and English names; other words are a title.
pub(crate) fn language(token: &str) -> Option<Language> {
    let lower = token.to_ascii_lowercase();
    let code = NAMES.iter().find(|(name, _)| *name == lower).map_or(token, |(_, tag)| tag);
    code::read(code).filter(|language| language.base().len() == 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_as_media_servers_write_them() {
        for (name, expected) in [
            ("harbour.es.srt", Some(("es", false, false))),
            ("harbour.pt-BR.vtt", Some(("pt-BR", false, false))),
            ("harbour.eng.SRT", Some(("en", false, false))),
            ("harbour.en.forced.srt", Some(("en", true, false))),
            ("harbour.en.hi.srt", Some(("en", false, true))),
            ("harbour.[hi].en.srt", Some(("en", false, true))),
            ("harbour.hi.srt", Some(("hi", false, false))),
            ("harbour.Spanish.srt", Some(("es", false, false))),
            ("harbour.commentary.en.sdh.ass", Some(("en", false, true))),
            ("harbour.en.sub", Some(("en", false, false))),
            ("harbour.srt", None),
            ("harbour.commentary.srt", None),
            ("harbour2.es.srt", None),
            ("harbour.es.txt", None),
        ] {
            let read =
                read("harbour", name).map(|read| (read.language.to_string(), read.forced, read.hearing_impaired));
            assert_eq!(read, expected.map(|(tag, forced, impaired)| (tag.to_owned(), forced, impaired)), "{name}");
        }
    }
}
