//! A job's glossary on the way through an engine: a text comes in, the same with its names and terms out of the
//! engine's reach goes out, and back.
//!
//! An engine that cannot be told a glossary gets `<g0/>` where a name stands; one that can is told, and held to it.
//! Pure.

use std::{collections::BTreeMap, fmt::Write as _, ops::Range};

use subtitle_contract::glossary::Term;

use super::wrap::is_wide;
use crate::subtitle::markup::inline::{pieces, plain};

/// Names and terms, the longest first: `Anna Brown` is not `Brown`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GlossaryTerms {
    terms: Vec<Term>,
}

/// No names, no terms.
pub static NO_TERMS: GlossaryTerms = GlossaryTerms { terms: Vec::new() };

/// A text without its terms, and what stood where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Masked {
    /// With `<g0/>` and so on in it.
    pub text: String,
    /// What each stands for in the translation.
    pub targets: Vec<String>,
}

impl GlossaryTerms {
    /// Of these terms.
    pub fn new(mut terms: Vec<Term>) -> Self {
        terms.sort_by_key(|term| std::cmp::Reverse(term.source.chars().count()));
        Self { terms }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// Where terms stand in a text, in order, and how each is rendered there.
    pub(in crate::translate) fn found(&self, text: &str) -> Vec<(Range<usize>, &Term, String)> {
        let mut found: BTreeMap<usize, (usize, &Term, String)> = BTreeMap::new();
        let mut begin = 0;
        for (is_tag, piece) in pieces(text) {
            for term in self.terms.iter().filter(|_| !is_tag) {
                for place in places(piece, &term.source) {
                    let (start, end) = (begin + place.start, begin + place.end);
                    // Of those that begin before its end, only the last can reach into it.
                    let before = found.range(..end).next_back();
                    if before.is_none_or(|(_, (taken, ..))| *taken <= start) {
                        found.insert(start, (end, term, rendered(&piece[place], term)));
                    }
                }
            }
            begin += piece.len();
        }
        found.into_iter().map(|(start, (end, term, target))| (start..end, term, target)).collect()
    }

    /// The text with placeholders for its terms.
    pub fn masked(&self, text: &str) -> Masked {
        let (mut masked, mut targets, mut at) = (String::with_capacity(text.len()), Vec::new(), 0);
        for (place, _, target) in self.found(text) {
            masked.push_str(&text[at..place.start]);
            let _ = write!(masked, "<g{}/>", targets.len());
            targets.push(target);
            at = place.end;
        }
        masked.push_str(&text[at..]);
        Masked { text: masked, targets }
    }

    /// The text with its terms rendered, the rest as it is.
    pub fn rendered(&self, text: &str) -> String {
        let Masked { text, targets } = self.masked(text);
        unmasked(&text, &targets)
    }

    /// The terms that stand in any of the texts, in order and once each.
    pub fn used_in(&self, texts: &[String]) -> Vec<&Term> {
        let used = |term: &&Term| texts.iter().any(|text| self.found(text).iter().any(|(_, other, _)| other == term));
        self.terms.iter().filter(used).collect()
    }

    /// The first term of the source that the translation does not have as it should.
    pub fn broken(&self, source: &str, translation: &str) -> Option<&Term> {
        if self.terms.is_empty() {
            return None;
        }
        let words = plain(translation).to_lowercase();
        let is_broken = |term: &&Term| !words.contains(&term.target.to_lowercase());
        self.found(source).into_iter().map(|(_, term, _)| term).find(is_broken)
    }
}

/// The text with what its placeholders stand for.
pub fn unmasked(text: &str, targets: &[String]) -> String {
    targets.iter().enumerate().fold(text.to_owned(), |text, (at, target)| text.replace(&format!("<g{at}/>"), target))
}

/// Whole words only, where the script has words.
fn places(text: &str, source: &str) -> Vec<Range<usize>> {
    let is_any_case = !source.chars().any(char::is_uppercase);
    let (Some(first), Some(last)) = (source.chars().next(), source.chars().next_back()) else { return Vec::new() };
    let joins = |edge: char, other: Option<char>| {
        !is_wide(edge) && edge.is_alphanumeric() && other.is_some_and(char::is_alphanumeric)
    };
    let mut places = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..) {
        let Some(length) = rest.chars().next().map(char::len_utf8) else { break };
        match begins(rest, source, is_any_case) {
            Some(end) if !joins(first, text[..at].chars().next_back()) && !joins(last, rest[end..].chars().next()) => {
                places.push(at..at + end);
                at += end;
            }
            _ => at += length,
        }
    }
    places
}

/// How many bytes of `text` are `source`, if it begins with it.
fn begins(text: &str, source: &str, is_any_case: bool) -> Option<usize> {
    if !is_any_case {
        return text.starts_with(source).then_some(source.len());
    }
    let mut text_characters = text.char_indices();
    for wanted in source.chars() {
        let (_, character) = text_characters.next()?;
        if character != wanted && !character.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(text_characters.next().map_or(text.len(), |(at, _)| at))
}

/// The target as it stands there: a term that begins a sentence begins it in the translation, too.
fn rendered(found: &str, term: &Term) -> String {
    let is_raised = found.starts_with(char::is_uppercase) && term.source.starts_with(char::is_lowercase);
    let mut characters = term.target.chars();
    match characters.next().filter(|_| is_raised) {
        Some(first) => first.to_uppercase().chain(characters).collect(),
        None => term.target.clone(),
    }
}

/// Rule-based engines take a placeholder at the start for a sentence of its own and capitalise the word after it: undoes that.
pub(in crate::translate) fn with_sentence_case(source: &str, answer: &str) -> String {
    let after = |text: &str| -> Option<usize> {
        let rest = text.strip_prefix("<g")?;
        let end = rest.find("/>")? + "<g".len() + "/>".len();
        text[end..].starts_with(' ').then_some(end + 1)
    };
    let (Some(in_source), Some(in_answer)) = (after(source), after(answer)) else { return answer.to_owned() };
    let mut word = answer[in_answer..].chars();
    match word.next().filter(|first| first.is_uppercase()) {
        Some(first) if source[in_source..].starts_with(char::is_lowercase) => {
            format!("{}{}{}", &answer[..in_answer], first.to_lowercase(), word.as_str())
        }
        _ => answer.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glossary() -> GlossaryTerms {
        let text = "Brown = Brown\nAnna Brown = Ana Brown\nharbour master = capitán de puerto\n港 = puerto";
        GlossaryTerms::new(subtitle_contract::glossary::parse(text).expect("parses"))
    }

    #[test]
    fn the_longest_term_is_taken_and_only_whole_words_are() {
        for (text, masked, targets) in [
            ("Anna Brown and Brown", "<g0/> and <g1/>", vec!["Ana Brown", "Brown"]),
            ("Brownies, brown bread", "Brownies, brown bread", vec![]),
            ("The Harbour Master's boat", "The <g0/>'s boat", vec!["Capitán de puerto"]),
            ("<i>Brown</i>!", "<i><g0/></i>!", vec!["Brown"]),
            ("在港口", "在<g0/>口", vec!["puerto"]),
        ] {
            let found = glossary().masked(text);
            assert_eq!(
                (found.text.as_str(), found.targets),
                (masked, targets.iter().map(ToString::to_string).collect())
            );
        }
    }

    #[test]
    fn placeholders_come_back_as_what_they_stand_for() {
        let Masked { targets, .. } = glossary().masked("Anna Brown saw Brown");
        assert_eq!(unmasked("<g1/> was seen by <g0/>", &targets), "Brown was seen by Ana Brown");
        assert_eq!(glossary().rendered("Is Brown a harbour master?"), "Is Brown a capitán de puerto?");
    }

    #[test]
    fn a_term_that_did_not_come_back_is_named() {
        let broken = |translation| glossary().broken("Anna Brown is here", translation).map(|term| term.source.clone());
        assert_eq!(broken("<i>ANA Brown</i> está aquí"), None);
        assert_eq!(broken("Anna Marrón está aquí"), Some("Anna Brown".to_owned()));
        assert_eq!(glossary().broken("Nobody is here", "Nadie está aquí"), None);
    }

    #[test]
    fn the_word_after_a_name_at_the_beginning_is_no_new_sentence() {
        assert_eq!(with_sentence_case("<g0/> is at home.", "<g0/> Es en casa."), "<g0/> es en casa.");
        assert_eq!(with_sentence_case("<g0/> Smith left.", "<g0/> Smith salió."), "<g0/> Smith salió.");
        assert_eq!(with_sentence_case("See <g0/> now", "Ve a <g0/> Ya"), "Ve a <g0/> Ya");
    }
}
