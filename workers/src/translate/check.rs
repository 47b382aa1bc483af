//! Whether a translation may be shipped: pieces before and after come in, the first broken rule goes out. Pure.

use crate::subtitle::markup::inline::{pieces, plain};

/// Of the pieces with at least three words, at most this share may come back as they were: 1 in 20.
const UNCHANGED_SHARE: usize = 20;

/// A translation that must not be shipped.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejected {
    /// The engine gave fewer or more pieces than it got.
    #[error("the engine got {sent} pieces and gave {received}")]
    Count {
        /// Pieces sent.
        sent: usize,
        /// Pieces received.
        received: usize,
    },
    /// A piece with words came back without any text.
    #[error("the engine gave nothing for \"{0}\"")]
    Empty(String),
    /// A tag was lost, added or doubled.
    #[error("the engine changed the tags of \"{0}\"")]
    Tags(String),
    /// It looks as if the engine did not translate.
    #[error("{unchanged} of {all} longer pieces came back in the source language")]
    Unchanged {
        /// Pieces of three words and more that are equal to their source.
        unchanged: usize,
        /// Pieces of three words and more.
        all: usize,
    },
}

/// Holds each translation against its source.
pub fn check(sources: &[String], translations: &[String]) -> Result<(), Rejected> {
    if sources.len() != translations.len() {
        return Err(Rejected::Count { sent: sources.len(), received: translations.len() });
    }
    for (source, translation) in sources.iter().zip(translations) {
        if plain(translation).trim().is_empty() {
            return Err(Rejected::Empty(source.clone()));
        }
        if tags(source) != tags(translation) {
            return Err(Rejected::Tags(source.clone()));
        }
    }
    let long: Vec<_> = sources.iter().zip(translations).filter(|(source, _)| words(source) >= 3).collect();
    let unchanged = long.iter().filter(|(source, translation)| same(source, translation)).count();
    if unchanged > 1 && unchanged * UNCHANGED_SHARE > long.len() {
        return Err(Rejected::Unchanged { unchanged, all: long.len() });
    }
    Ok(())
}

fn tags(text: &str) -> Vec<&str> {
    let mut tags: Vec<&str> = pieces(text).into_iter().filter(|(is_tag, _)| *is_tag).map(|(_, tag)| tag).collect();
    tags.sort_unstable();
    tags
}

fn words(text: &str) -> usize {
    plain(text).split_whitespace().filter(|word| word.chars().any(char::is_alphabetic)).count()
}

fn same(source: &str, translation: &str) -> bool {
    let normal = |text: &str| plain(text).split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    normal(source) == normal(translation)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn a_good_translation_passes() {
        let sources = texts(&["Anna!", "Go <i>home</i> now", "OK"]);
        assert_eq!(check(&sources, &texts(&["Anna!", "Ve a <i>casa</i> ahora", "OK"])), Ok(()));
    }

    #[test]
    fn each_rule_rejects() {
        let sources = texts(&["Go <i>home</i> now"]);
        assert!(matches!(check(&sources, &[]), Err(Rejected::Count { .. })));
        assert!(matches!(check(&sources, &texts(&["<i> </i>"])), Err(Rejected::Empty(_))));
        assert!(matches!(check(&sources, &texts(&["Ve a casa ahora"])), Err(Rejected::Tags(_))));
    }

    #[test]
    fn a_translation_that_kept_the_source_language_never_ships() {
        let sources = texts(&["We should go home", "It is late now", "No."]);
        let kept = check(&sources, &sources);
        assert_eq!(kept, Err(Rejected::Unchanged { unchanged: 2, all: 2 }));
    }
}
