//! ISO 639 as tags need it: codes and English or own names come in, the shortest code of the language goes out. The table
//! of ISO 639-1 and 639-3 is the crate's; here are only what it lacks. Pure.

use isolang::Language as Iso;

/// The bibliographic codes of ISO 639-2, each of which has a terminological twin in ISO 639-3.
const BIBLIOGRAPHIC: [(&str, &str); 20] = [
    ("alb", "sq"),
    ("arm", "hy"),
    ("baq", "eu"),
    ("bur", "my"),
    ("chi", "zh"),
    ("cze", "cs"),
    ("dut", "nl"),
    ("fre", "fr"),
    ("geo", "ka"),
    ("ger", "de"),
    ("gre", "el"),
    ("ice", "is"),
    ("mac", "mk"),
    ("mao", "mi"),
    ("may", "ms"),
    ("per", "fa"),
    ("rum", "ro"),
    ("slo", "sk"),
    ("tib", "bo"),
    ("wel", "cy"),
];

/// Codes that BCP 47's registry replaces, and the main language of each macrolanguage, which files use for the larger one.
const REPLACED: [(&str, &str); 15] = [
    ("arb", "ar"),
    ("cmn", "zh"),
    ("ekk", "et"),
    ("in", "id"),
    ("iw", "he"),
    ("ji", "yi"),
    ("jw", "jv"),
    ("khk", "mn"),
    ("lvs", "lv"),
    ("mo", "ro"),
    ("mol", "ro"),
    ("npi", "ne"),
    ("pes", "fa"),
    ("swh", "sw"),
    ("zsm", "ms"),
];

/// Names in use that are not ISO's reference names, and own names without their accents.
const NAMES: [(&str, &str); 30] = [
    ("bangla", "bn"),
    ("bokmal", "nb"),
    ("bokmål", "nb"),
    ("cantonese", "yue"),
    ("castellano", "es"),
    ("castilian", "es"),
    ("catala", "ca"),
    ("cestina", "cs"),
    ("espanol", "es"),
    ("farsi", "fa"),
    ("filipino", "tl"),
    ("flemish", "nl"),
    ("francais", "fr"),
    ("greek", "el"),
    ("islenska", "is"),
    ("latviesu", "lv"),
    ("lietuviu", "lt"),
    ("malay", "ms"),
    ("mandarin", "zh"),
    ("nepali", "ne"),
    ("norsk", "no"),
    ("nynorsk", "nn"),
    ("pashto", "ps"),
    ("portugues", "pt"),
    ("punjabi", "pa"),
    ("romana", "ro"),
    ("slovencina", "sk"),
    ("slovenscina", "sl"),
    ("swahili", "sw"),
    ("turkce", "tr"),
];

/// Languages that serve a request for each other: Norwegian and its two written forms, Tagalog and its standard.
const SAME: [(&str, &str); 3] = [("no", "nb"), ("no", "nn"), ("tl", "fil")];

fn found(table: &[(&'static str, &'static str)], key: &str) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == key).map(|(_, code)| *code)
}

/// The code by which BCP 47 calls the language of a code in lower case; the code itself if it is not registered.
pub(super) fn canonical(code: &str) -> &str {
    let replaced = found(&REPLACED, code).or_else(|| found(&BIBLIOGRAPHIC, code));
    replaced.or_else(|| Iso::from_639_3(code)?.to_639_1()).unwrap_or(code)
}

/// Whether a canonical code is one of ISO 639.
pub(super) fn is_registered(code: &str) -> bool {
    Iso::from_639_1(code).or_else(|| Iso::from_639_3(code)).is_some()
}

/// The ISO 639-3 code of a canonical code.
pub(super) fn iso_639_3(code: &str) -> Option<&'static str> {
    Iso::from_639_1(code).or_else(|| Iso::from_639_3(code)).map(|language| language.to_639_3())
}

/// The code of a language by its English or own name, in lower case. Only languages with a two-letter code: the names of
/// many others are ordinary words.
pub(super) fn named(name: &str) -> Option<&'static str> {
    if let Some(code) = found(&NAMES, name) {
        return Some(code);
    }
    let iso = Iso::from_name_lowercase(name).filter(|language| language.to_639_1().is_some());
    let own = || {
        let name = name.to_owned();
        Iso::match_autonyms(move |autonym| autonym.to_lowercase() == name)
            .find(|language| language.to_639_1().is_some())
    };
    iso.or_else(own)?.to_639_1()
}

/// Whether two canonical codes mean languages that serve a request for each other.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    one == other || SAME.contains(&(one, other)) || SAME.contains(&(other, one))
}
