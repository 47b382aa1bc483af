//! The names in a file while it is translated: a source and its translation come in, the names that the translation kept
//! go out, for a model to keep them in the following lines. Pure.

use std::collections::BTreeSet;

use crate::subtitle::markup::inline::plain;

/// The most names that a model is told.
const MOST: usize = 40;

/// Names that translations have kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    known: BTreeSet<String>,
}

impl Names {
    /// Learns from one line: words in upper case inside a sentence that the translation has too.
    pub fn learn(&mut self, source: &str, translation: &str) {
        let spoken = plain(translation);
        let kept: BTreeSet<&str> = words(&spoken).collect();
        let spoken = plain(source);
        let mut before = '.';
        for word in spoken.split_whitespace() {
            let bare = words(word).next().unwrap_or_default();
            let begins = matches!(before, '.' | '!' | '?' | '…' | '-' | ':' | '"' | '“');
            before = word.chars().next_back().unwrap_or('.');
            let is_name =
                bare.starts_with(char::is_uppercase) && bare.chars().filter(|one| one.is_lowercase()).count() > 1;
            if is_name && !begins && kept.contains(bare) && self.known.len() < MOST {
                self.known.insert(bare.to_owned());
            }
        }
    }

    /// In alphabetical order.
    pub fn list(&self) -> Vec<&str> {
        self.known.iter().map(String::as_str).collect()
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_in_upper_case_that_were_kept() {
        let mut names = Names::default();
        names.learn("I saw Anna in Rotterdam.", "Vi a Anna en Róterdam.");
        names.learn("Nobody left. Please go, Tom!", "Nobody se fue. Vete, Tom.");
        names.learn("I said NO, OK?", "Dije NO, OK?");
        assert_eq!(names.list(), ["Anna", "Tom"]);
    }
}
