//! Which script a letter is of, and which one a language is written in. Pure.

use subtitle_contract::language::Language;

/// A script, or a set of them that one language mixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::subtitle) enum Script {
    Latin,
    Cyrillic,
    Greek,
    Hebrew,
    Arabic,
    Armenian,
    Georgian,
    Devanagari,
    Thai,
    Hangul,
    /// Kana beside Chinese characters.
    Japanese,
    Han,
    /// One that no rule here needs to know.
    Other,
}

/// Whether a language is read from right to left.
pub(crate) fn is_right_to_left(language: &Language) -> bool {
    Script::for_language(language).iter().any(|script| matches!(script, Script::Hebrew | Script::Arabic))
}

impl Script {
    /// Whether a letter belongs to it.
    pub(in crate::subtitle) fn has(self, letter: char) -> bool {
        match (self, Self::from_letter(letter)) {
            (Self::Japanese, Self::Han) => true,
            (script, of) => script == of,
        }
    }

    pub(in crate::subtitle) fn from_letter(letter: char) -> Self {
        match letter {
            '\0'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' | '\u{300}'..='\u{36F}' | 'ﬀ'..='ﬆ' => Self::Latin,
            '\u{370}'..='\u{3FF}' | '\u{1F00}'..='\u{1FFF}' => Self::Greek,
            '\u{400}'..='\u{52F}' => Self::Cyrillic,
            '\u{530}'..='\u{58F}' => Self::Armenian,
            '\u{590}'..='\u{5FF}' | '\u{FB1D}'..='\u{FB4F}' => Self::Hebrew,
            '\u{600}'..='\u{77F}' | '\u{8A0}'..='\u{8FF}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' => {
                Self::Arabic
            }
            '\u{900}'..='\u{97F}' => Self::Devanagari,
            '\u{E00}'..='\u{E7F}' => Self::Thai,
            '\u{10A0}'..='\u{10FF}' => Self::Georgian,
            '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7AF}' => Self::Hangul,
            '\u{3040}'..='\u{30FF}' | '\u{FF66}'..='\u{FF9F}' => Self::Japanese,
            '\u{3005}' | '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{F900}'..='\u{FAFF}' => Self::Han,
            _ => Self::Other,
        }
    }

    /// The scripts a language is written in: those its tag names, else the usual ones.
    pub(in crate::subtitle) fn for_language(language: &Language) -> &'static [Self] {
        let named = language.as_str().split('-').skip(1).find(|part| part.len() == 4);
        match (named, language.primary()) {
            (Some("Latn"), _) => &[Self::Latin],
            (Some("Cyrl"), _) => &[Self::Cyrillic],
            (Some("Arab"), _) => &[Self::Arabic],
            (Some("Hans" | "Hant"), _) | (_, "zh" | "yue" | "cmn") => &[Self::Han],
            (_, "ru" | "uk" | "bg" | "mk" | "be" | "kk" | "ky" | "mn" | "tg") => &[Self::Cyrillic],
            (_, "sr" | "bs" | "uz" | "az") => &[Self::Latin, Self::Cyrillic],
            (_, "el") => &[Self::Greek],
            (_, "he" | "yi") => &[Self::Hebrew],
            (_, "ar" | "fa" | "ur" | "ps" | "ckb" | "ug") => &[Self::Arabic],
            (_, "hy") => &[Self::Armenian],
            (_, "ka") => &[Self::Georgian],
            (_, "hi" | "mr" | "ne" | "sa") => &[Self::Devanagari],
            (_, "th") => &[Self::Thai],
            (_, "ko") => &[Self::Hangul],
            (_, "ja") => &[Self::Japanese],
            (_, "ta" | "te" | "kn" | "ml" | "si" | "bn" | "gu" | "pa" | "km" | "lo" | "my" | "am" | "or" | "ti") => {
                &[Self::Other]
            }
            _ => &[Self::Latin],
        }
    }
}
