//! Whether a text is in the language that was declared: the cues' plain text comes in, a verdict goes out. The script decides
//! where it can, else a detector that is believed only when it is sure. Pure.

pub mod code;
pub(in crate::subtitle) mod hebrew;
pub(in crate::subtitle) mod script;

use subtitle_contract::language::Language;
use whatlang::{Detector, Lang};

use self::script::Script;
use super::{Cue, Format};
pub(crate) use script::is_right_to_left;

/// The result of comparing a text's language with the declared one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LanguageVerdict {
    /// Nothing contradicts the declared language.
    Agrees,
    /// There is too little text, or no sure sign.
    Unsure,
    /// It is another one.
    Differs {
        /// Which, for a person: a language tag or a script's name.
        found: String,
    },
}

/// Letters below which a script says nothing.
const FEWEST_OF_SCRIPT: usize = 20;
/// Letters below which a detector is not asked.
const FEWEST_OF_LANGUAGE: usize = 400;
/// Letters after which more would change nothing.
const ENOUGH: usize = 20_000;

/// Languages that a detector takes for each other: no file is refused over them.
const ALIKE: &[&[&str]] = &[
    &["nb", "nn", "no", "da"],
    &["hr", "sr", "bs", "sl", "cnr"],
    &["cs", "sk"],
    &["id", "ms", "jv", "su"],
    &["ru", "uk", "be", "bg", "mk", "sr"],
    &["es", "gl", "ca", "ast", "eu"],
    &["hi", "mr", "ne", "sa"],
    &["af", "nl", "fy"],
    &["zh", "yue", "wuu"],
    &["ar", "fa", "ur", "ps", "ckb"],
    &["he", "yi"],
    &["tl", "fil"],
    &["tr", "az", "tk"],
];

/// What cues say, joined, as far as it takes to know their language.
pub fn dialogue(format: Format, cues: &[Cue]) -> String {
    let mut dialogue = String::new();
    for cue in cues {
        dialogue.push_str(&format.plain(&cue.text));
        dialogue.push('\n');
        if dialogue.len() > 4 * ENOUGH {
            break;
        }
    }
    dialogue
}

/// The language of a text, if the detector is sure.
pub fn detected(dialogue: &str) -> Option<Language> {
    let (script, letters) = main_script(dialogue)?;
    match script {
        Script::Hebrew => Language::parse("he").ok(),
        _ if letters < FEWEST_OF_LANGUAGE && script == Script::Latin => None,
        _ => {
            let info = Detector::new().detect(dialogue)?;
            info.is_reliable().then(|| tag(info.lang())).flatten()
        }
    }
}

/// Compares a text with the language it should be in.
pub fn check(dialogue: &str, declared: &Language) -> LanguageVerdict {
    let Some((script, letters)) = main_script(dialogue) else { return LanguageVerdict::Unsure };
    if letters < FEWEST_OF_SCRIPT {
        return LanguageVerdict::Unsure;
    }
    let scripts = Script::for_language(declared);
    let is_written = |expected: &Script| match (expected, script) {
        // A dialogue of Chinese characters only is not Japanese unless it is short.
        (Script::Japanese, Script::Han) => letters < FEWEST_OF_LANGUAGE,
        (expected, script) => *expected == script,
    };
    if !scripts.iter().any(is_written) {
        return LanguageVerdict::Differs { found: format!("{script:?} script") };
    }
    let is_asked = letters >= FEWEST_OF_LANGUAGE && knows(declared);
    match is_asked.then(|| detected(dialogue)).flatten() {
        None => LanguageVerdict::Unsure,
        Some(found) if are_alike(found.primary(), declared.primary()) => LanguageVerdict::Agrees,
        Some(found) => LanguageVerdict::Differs { found: found.to_string() },
    }
}

/// The script of most letters and how many it has.
fn main_script(dialogue: &str) -> Option<(Script, usize)> {
    let mut counts: Vec<(Script, usize)> = Vec::new();
    for letter in dialogue.chars().filter(|character| character.is_alphabetic()).take(ENOUGH) {
        let script = Script::from_letter(letter);
        match counts.iter_mut().find(|(known, _)| *known == script) {
            Some((_, count)) => *count += 1,
            None => counts.push((script, 1)),
        }
    }
    let count_of = |script| counts.iter().find(|(known, _)| *known == script).map_or(0, |(_, count)| *count);
    let (kana, han) = (count_of(Script::Japanese), count_of(Script::Han));
    if kana * 10 > han && kana + han > count_of(Script::Latin) {
        return Some((Script::Japanese, kana + han));
    }
    counts.into_iter().max_by_key(|(_, count)| *count)
}

fn tag(language: Lang) -> Option<Language> {
    // Codes of single languages where tags name the larger one.
    let code = match language.code() {
        "cmn" => "zh",
        "pes" => "fa",
        "nob" => "nb",
        "ben" => "bn",
        "kat" => "ka",
        "urd" => "ur",
        "tgl" => "tl",
        "aze" => "az",
        "bel" => "be",
        "hye" => "hy",
        "afr" => "af",
        "mar" => "mr",
        "tam" => "ta",
        "tel" => "te",
        "mal" => "ml",
        "nep" => "ne",
        "khm" => "km",
        "cym" => "cy",
        "lat" => "la",
        code => code,
    };
    Language::parse(code).ok()
}

/// Whether the detector could find the declared language at all.
fn knows(declared: &Language) -> bool {
    let can_find = |language: &Lang| tag(*language).is_some_and(|tag| are_alike(tag.primary(), declared.primary()));
    Lang::all().iter().any(can_find)
}

fn are_alike(one: &str, other: &str) -> bool {
    one == other || ALIKE.iter().any(|group| group.contains(&one) && group.contains(&other))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENGLISH: &str = "We should have gone home before the storm came in, Anna. The boats are all in the harbour now, \
        and nobody knows where the captain went. I asked at the inn and they told me he had left early this morning \
        without saying a word. Do you think that he will come back before the night is over?";
    const SPANISH: &str = "Tendríamos que haber ido a casa antes de que llegara la tormenta, Anna. Los barcos están todos \
        en el puerto y nadie sabe adónde fue el capitán. Pregunté en la posada y me dijeron que se había marchado muy \
        temprano sin decir una sola palabra. ¿Crees que volverá antes de que termine la noche?";
    const HEBREW: &str = "היינו צריכים ללכת הביתה לפני שהסערה הגיעה, אנה. כל הסירות בנמל עכשיו.";

    /// Of a text that is repeated until there is enough of it.
    fn verdict(dialogue: &str, tag: &str) -> LanguageVerdict {
        check(&dialogue.repeat(2), &Language::parse(tag).expect("a tag"))
    }

    fn differs(found: &str) -> LanguageVerdict {
        LanguageVerdict::Differs { found: found.to_owned() }
    }

    #[test]
    fn a_text_in_its_language_agrees_in_every_variant() {
        for (dialogue, tag) in [(ENGLISH, "en"), (ENGLISH, "en-GB"), (SPANISH, "es-419"), (SPANISH, "ca")] {
            assert_eq!(verdict(dialogue, tag), LanguageVerdict::Agrees, "{tag}");
        }
    }

    #[test]
    fn another_language_or_script_is_told() {
        assert_eq!(verdict(ENGLISH, "es"), differs("en"));
        assert_eq!(verdict(SPANISH, "fr"), differs("es"));
        assert_eq!(verdict(HEBREW, "en"), differs("Hebrew script"));
        assert_eq!(verdict(SPANISH, "sr-Cyrl"), differs("Latin script"));
    }

    #[test]
    fn little_text_and_unknown_languages_are_no_reason_to_refuse() {
        for (dialogue, tag) in [("No. Yes. Anna!", "es"), ("♪ ♪", "es"), (ENGLISH, "is"), ("", "he")] {
            assert_eq!(verdict(dialogue, tag), LanguageVerdict::Unsure, "{tag}");
        }
        assert_eq!(detected("Anna!"), None);
        assert_eq!(detected(HEBREW).map(String::from), Some("he".to_owned()));
    }
}
