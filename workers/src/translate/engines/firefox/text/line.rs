//! A line as an engine is asked for it, in parts: what is kept as it is, and sentences to translate. Tags and the glossary's
//! terms are taken out of the words, and remember where they stood. Pure.

use std::ops::Range;

use super::{
    place::{Mark, Term},
    sentence::Sentence,
    spans::{self, Span},
};
use crate::{subtitle::markup::inline::pieces, translate::text::glossary::GlossaryTerms};

/// Tags that are placed in one sentence; those beyond follow it.
const MAX_MARKS: usize = 32;

/// A line in parts, in order.
pub(crate) struct Line {
    parts: Vec<Part>,
}

enum Part {
    Kept(String),
    Spoken(Sentence),
}

impl Line {
    /// Takes a line apart.
    pub(crate) fn new(text: &str, glossary: &GlossaryTerms) -> Self {
        let Words { plain, marks, terms } = Words::new(text, glossary);
        let mut parts = Vec::new();
        let mut marks = marks.into_iter().peekable();
        for Span { range, is_spoken, is_description } in spans::spans(&plain) {
            while let Some(mark) = marks.next_if(|mark| mark.at <= range.start) {
                parts.push(Part::Kept(mark.tag));
            }
            let mut inner = Vec::new();
            while let Some(mark) = marks.next_if(|mark| mark.at < range.end) {
                inner.push(Mark { at: mark.at - range.start, ..mark });
            }
            let words = &plain[range.clone()];
            if is_spoken {
                let moved = |Range { start, end }: &Range<usize>| start - range.start..end - range.start;
                let terms = inside(&terms, &range, |term| &term.range);
                let terms = terms.map(|term| Term { range: moved(&term.range), target: term.target.clone() });
                let beyond = inner.split_off(inner.len().min(MAX_MARKS));
                parts.push(Part::Spoken(Sentence::new(words, inner, terms.collect(), is_description)));
                parts.extend(beyond.into_iter().map(|mark| Part::Kept(mark.tag)));
            } else {
                let mut at = 0;
                for mark in inner {
                    parts.push(Part::Kept(words[at..mark.at].to_owned()));
                    at = mark.at;
                    parts.push(Part::Kept(mark.tag));
                }
                parts.push(Part::Kept(words[at..].to_owned()));
            }
        }
        parts.extend(marks.map(|mark| Part::Kept(mark.tag)));
        Self { parts }
    }

    /// What is to be translated, in order.
    pub(crate) fn sentences(&self) -> impl Iterator<Item = &Sentence> {
        self.parts.iter().filter_map(|part| match part {
            Part::Kept(_) => None,
            Part::Spoken(sentence) => Some(sentence),
        })
    }

    /// The line with each sentence's translation.
    pub(crate) fn assembled(&self, translated: impl Fn(&Sentence) -> String) -> String {
        let text = |part: &Part| match part {
            Part::Kept(text) => text.clone(),
            Part::Spoken(sentence) => translated(sentence),
        };
        self.parts.iter().map(text).collect()
    }
}

/// A line's words without its tags.
struct Words {
    plain: String,
    marks: Vec<Mark>,
    terms: Vec<Term>,
}

impl Words {
    fn new(text: &str, glossary: &GlossaryTerms) -> Self {
        let (mut plain, mut marks, mut terms) = (String::with_capacity(text.len()), Vec::<Mark>::new(), Vec::new());
        let found = glossary.found(text);
        let mut begin = 0;
        for (is_word, piece) in pieces(text)
            .into_iter()
            .flat_map(|(is_tag, piece)| if is_tag { vec![(false, piece)] } else { symbols(piece) })
        {
            if is_word {
                // A mark between two spaces keeps one of them.
                let is_doubled = piece.starts_with(' ') && plain.ends_with(' ') && !marks.is_empty();
                let dropped = usize::from(is_doubled);
                if let Some(mark) = marks.last_mut().filter(|_| is_doubled) {
                    mark.tag.push(' ');
                }
                let offset = plain.len();
                let here = begin + dropped..begin + piece.len();
                let places = inside(&found, &here, |(range, ..)| range);
                terms.extend(places.map(|(range, _, target)| Term {
                    range: offset + range.start - begin - dropped..offset + range.end - begin - dropped,
                    target: target.clone(),
                }));
                plain.push_str(&piece[dropped..]);
            } else {
                marks.push(Mark { tag: piece.to_owned(), at: plain.len() });
            }
            begin += piece.len();
        }
        Self { plain, marks, terms }
    }
}

/// The places, of those in order, that are inside of a range.
fn inside<'a, T>(
    places: &'a [T],
    range: &Range<usize>,
    range_of: impl Fn(&T) -> &Range<usize>,
) -> impl Iterator<Item = &'a T> {
    let first = places.partition_point(|place| range_of(place).start < range.start);
    places[first..].iter().take_while(move |place| range_of(place).end <= range.end)
}

/// Words, and tokens that only look like words: placeholders of other programs (`{2}`, `__1__`) and addresses. No language of
/// a film has these characters in its words.
fn symbols(text: &str) -> Vec<(bool, &str)> {
    const NEVER_SPOKEN: [char; 5] = ['{', '}', '_', '@', '\\'];
    let (mut parts, mut from, mut next) = (Vec::new(), 0, 0);
    for word in text.split_inclusive(char::is_whitespace) {
        let begin = next;
        next += word.len();
        if !word.contains(NEVER_SPOKEN) {
            continue;
        }
        let bare = word.trim_end().trim_end_matches(['.', ',', '!', '?', ':', ';']);
        parts.extend([(true, &text[from..begin]), (false, bare)]);
        from = begin + bare.len();
    }
    parts.push((true, &text[from..]));
    parts.retain(|(_, part)| !part.is_empty());
    parts
}
