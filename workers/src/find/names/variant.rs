//! Variants of languages by the words that people use for them: words come in, a tag goes out. Pure.

use subtitle_contract::language::Language;

/// Base language, tag, and the words of which one is enough.
const VARIANTS: &[(&str, &str, &[&str])] = &[
    (
        "zh",
        "zh-Hans",
        &[
            "simplified",
            "hans",
            "chs",
            "cn",
            "gb",
            "简体",
            "简体中文",
            "简中",
            "简",
            "simplificado",
            "simplifié",
            "vereinfacht",
        ],
    ),
    (
        "zh",
        "zh-Hant",
        &[
            "traditional",
            "hant",
            "cht",
            "big5",
            "tw",
            "繁体",
            "繁體",
            "繁體中文",
            "繁体中文",
            "繁中",
            "繁",
            "正體",
            "tradicional",
            "traditionnel",
            "traditionell",
            "taiwan",
            "hk",
        ],
    ),
    ("pt", "pt-BR", &["brazil", "brazilian", "brasil", "brasileiro", "brésilien", "brasilianisch", "br", "ptbr"]),
    ("pt", "pt-PT", &["european", "europeu", "portugal", "iberian", "ptpt"]),
    (
        "es",
        "es-419",
        &[
            "latin",
            "latino",
            "latinoamericano",
            "latinoamérica",
            "latinoamerica",
            "latam",
            "hispanoamérica",
            "419",
            "américa",
            "america",
            "american",
        ],
    ),
    ("es", "es-ES", &["european", "castilian", "castellano", "españa", "spain", "peninsular", "iberian"]),
    ("fr", "fr-CA", &["canadian", "canada", "québécois", "quebec", "québec", "canadien", "vfq"]),
    ("fr", "fr-FR", &["parisian", "france", "vff"]),
    ("sr", "sr-Cyrl", &["cyrillic", "ćirilica", "ћирилица"]),
    ("sr", "sr-Latn", &["latin", "latinica"]),
    ("no", "nb", &["bokmål", "bokmal"]),
    ("no", "nn", &["nynorsk"]),
];

/// The variant of `base` that folded words name.
pub(super) fn variant(base: &str, words: &[&str]) -> Option<Language> {
    let found =
        VARIANTS.iter().find(|(of, _, spellings)| *of == base && words.iter().any(|word| spellings.contains(word)));
    Language::parse(found?.1).ok()
}

/// The language that folded words name, in English or in itself, with its variant.
pub(super) fn named(words: &[&str]) -> Option<Language> {
    // "Latin" is a language of its own only where it is no variant of another.
    let plain = words.iter().rev().filter(|word| !is_variant(word)).find_map(|word| by_word(word));
    let named = plain.or_else(|| words.iter().rev().find_map(|word| by_word(word)))?;
    Some(variant(named.primary(), words).unwrap_or(named))
}

/// Words that name a language and its variant at once.
const NAMES: [(&str, &str); 10] = [
    ("big5", "zh-Hant"),
    ("brasileiro", "pt-BR"),
    ("brazilian", "pt-BR"),
    ("latam", "es-419"),
    ("latino", "es-419"),
    ("ptbr", "pt-BR"),
    ("ptpt", "pt-PT"),
    ("vff", "fr-FR"),
    ("vfq", "fr-CA"),
    ("vostfr", "fr"),
];

/// A language by one word.
fn by_word(word: &str) -> Option<Language> {
    if let Some((_, tag)) = NAMES.iter().find(|(name, _)| *name == word) {
        return Language::parse(tag).ok();
    }
    // Chinese and Japanese names are not parted into words.
    let is_chinese = ["中文", "简体", "繁體", "繁体", "简中", "繁中"].iter().any(|name| word.contains(name));
    if is_chinese {
        return Language::parse("zh").ok();
    }
    // A name of three letters or fewer is more often a part of a title.
    Language::from_name(word).filter(|_| word.chars().count() > 3 || !word.is_ascii())
}

fn is_variant(word: &str) -> bool {
    VARIANTS.iter().any(|(_, _, spellings)| spellings.contains(&word))
}

/// Whether the word only says a variant or a language.
pub(super) fn has_word(word: &str) -> bool {
    is_variant(word) || by_word(word).is_some()
}
