//! Which parts of a line's words are sentences for a model: each sentence, each description in brackets and each speaker's
//! label by itself; what stands around them (notes, ellipses, dashes, quotation marks) is kept. Pure.

use std::ops::Range;

use super::QUOTES;
use crate::translate::text::{sounds::is_label, wrap::TITLES};

/// A part of a line's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Whether it is translated.
    pub(super) is_spoken: bool,
    /// Whether it describes a sound: no sentence, which models read best in another form.
    pub(super) is_description: bool,
}

const NOTES: [char; 4] = ['♪', '♫', '♩', '♬'];
/// Characters of a sentence that is translated as one: models read at most 128 tokens.
const MAX_SENTENCE: usize = 240;
/// Words besides titles that end with a full stop inside a sentence, in lower case.
const ABBREVIATIONS: &[&str] = &[
    "jr", "lt", "col", "gen", "sgt", "capt", "vs", "etc", "mt", "mme", "hr", "fr", "exmo", "av", "p.m", "a.m", "e.g",
    "i.e",
];

/// All of a line's words in parts, in order.
pub(super) fn spans(words: &str) -> Vec<Span> {
    let (start, end) = (words.len() - words.trim_start().len(), words.trim_end().len());
    let mut spans = Spans { words, edges: start..end, closings: [0; 2], done: Vec::new(), is_description: false };
    spans.groups();
    spans.done
}

struct Spans<'a> {
    words: &'a str,
    /// Its bytes without the spaces around it.
    edges: Range<usize>,
    /// The next closing bracket of each kind, as found last: no line is searched again for every bracket in it.
    closings: [usize; 2],
    done: Vec<Span>,
    is_description: bool,
}

impl Spans<'_> {
    fn keep(&mut self, range: Range<usize>) {
        if !range.is_empty() {
            self.done.push(Span { range, is_spoken: false, is_description: false });
        }
    }

    /// Brackets and notes, and what stands between them.
    fn groups(&mut self) {
        let (mut from, mut at) = (0, 0);
        while let Some(character) = self.words[at..].chars().next() {
            let next = at + character.len_utf8();
            if NOTES.contains(&character) {
                self.labelled(from..at);
                self.keep(at..next);
                (from, at) = (next, next);
            } else if let Some(end) = self.group(character, at) {
                self.labelled(from..at);
                self.keep(at..next);
                self.is_description = true;
                self.sentences(next..end);
                self.is_description = false;
                self.keep(end..end + 1);
                (from, at) = (end + 1, end + 1);
            } else {
                at = next;
            }
        }
        self.labelled(from..self.words.len());
    }

    /// Where the description ends that opens at `at`. One in parentheses stands by itself only at the line's edges: inside
    /// a sentence it is a part of it.
    fn group(&mut self, opening: char, at: usize) -> Option<usize> {
        let (known, closing) = match opening {
            '[' => (&mut self.closings[0], ']'),
            '(' => (&mut self.closings[1], ')'),
            _ => return None,
        };
        if *known <= at {
            *known = self.words[at..].find(closing).map_or(usize::MAX, |found| at + found);
        }
        let end = Some(*known).filter(|end| *end < usize::MAX)?;
        let is_edge = at == self.edges.start || end + 1 == self.edges.end;
        (opening == '[' || is_edge).then_some(end)
    }

    /// `MAN: Get down!`: the label and what is said.
    fn labelled(&mut self, range: Range<usize>) {
        let text = &self.words[range.clone()];
        let label = text.split_once(": ").map(|(label, _)| label);
        let label = label.filter(|label| is_label(label) && !label.contains(['.', ',']));
        let Some(label) = label else { return self.sentences(range) };
        let end = range.start + label.len();
        self.sentence(range.start..end);
        self.keep(end..end + 2);
        self.sentences(end + 2..range.end);
    }

    fn sentences(&mut self, range: Range<usize>) {
        let mut from = range.start;
        while from < range.end {
            let end = self.sentence_end(from..range.end);
            self.bounded(from..end);
            from = end;
        }
    }

    /// The end of the first sentence.
    fn sentence_end(&self, range: Range<usize>) -> usize {
        let text = &self.words[range.clone()];
        let first = text.len() - text.trim_start().len();
        let mut characters = text.char_indices().peekable();
        while let Some((at, character)) = characters.next() {
            if matches!(character, '。' | '！' | '？' | '｡') {
                return range.start + at + character.len_utf8();
            }
            if !matches!(character, '.' | '!' | '?' | '…') {
                continue;
            }
            let mut end = at + character.len_utf8();
            let closes = |one: char| matches!(one, '.' | '!' | '?' | '…' | '\'' | '’' | ')') || QUOTES.contains(&one);
            while let Some((at, closing)) = characters.next_if(|(_, one)| closes(*one)) {
                end = at + closing.len_utf8();
            }
            let rest = &text[end..];
            let next = rest.trim_start().chars().next();
            let continues = next.is_some_and(char::is_lowercase) || !rest.starts_with(char::is_whitespace);
            if !(continues || character == '.' && end == at + 1 && is_abbreviated(&text[first..at])) {
                return range.start + end;
            }
        }
        range.end
    }

    /// A sentence that is short enough, or its halves.
    fn bounded(&mut self, range: Range<usize>) {
        let text = &self.words[range.clone()];
        if text.chars().count() <= MAX_SENTENCE {
            return self.sentence(range);
        }
        let middle = text.len() / 2;
        let distance = |at: &usize| at.abs_diff(middle) * if text[..*at].ends_with([',', ';']) { 1 } else { 2 };
        let spaces = text.char_indices().filter(|(_, one)| one.is_whitespace()).map(|(at, _)| at);
        let near = spaces.filter(|at| (text.len() / 4..text.len() * 3 / 4).contains(at)).min_by_key(distance);
        let any = text.char_indices().map(|(at, _)| at).find(|at| *at >= middle);
        let cut = range.start + near.or(any).unwrap_or(middle);
        self.bounded(range.start..cut);
        self.bounded(cut..range.end);
    }

    /// A sentence without what a model would change around it.
    fn sentence(&mut self, whole: Range<usize>) {
        let mut range = whole.clone();
        loop {
            let text = &self.words[range.clone()];
            let quotes = text.chars().filter(|one| QUOTES.contains(one)).count();
            let is_edge = |one: Option<char>| one.is_some_and(|one| QUOTES.contains(&one));
            let both = is_edge(text.chars().next()) && is_edge(text.chars().next_back());
            let peels_quotes = quotes == 1 || (quotes == 2 && both);
            let is_around = |one: char| {
                one.is_whitespace()
                    || matches!(one, '-' | '–' | '—' | '…' | '*' | '#')
                    || (peels_quotes && QUOTES.contains(&one))
            };
            let mut inner = text.trim_start_matches(|one| one == '>' || is_around(one));
            inner = inner.strip_prefix("...").unwrap_or(inner).trim_start_matches("..");
            let start = range.start + text.len() - inner.len();
            inner = inner.trim_end_matches(|one| one == '~' || is_around(one));
            inner = inner.strip_suffix("...").unwrap_or(inner);
            let next = start..start + inner.len();
            if next == range {
                break;
            }
            range = next;
        }
        if !self.words[range.clone()].chars().any(char::is_alphabetic) {
            return self.keep(whole);
        }
        self.keep(whole.start..range.start);
        self.done.push(Span { range: range.clone(), is_spoken: true, is_description: self.is_description });
        self.keep(range.end..whole.end);
    }
}

/// Whether a full stop after these words does not end a sentence.
fn is_abbreviated(before: &str) -> bool {
    let word = before.rsplit(char::is_whitespace).next().unwrap_or_default();
    let bare = word.trim_start_matches(|one: char| !one.is_alphanumeric()).to_lowercase();
    let is_initial = bare.chars().count() == 1 && word.chars().any(char::is_uppercase) && bare != "i";
    let is_title = TITLES.iter().any(|title| title.trim_end_matches('.').eq_ignore_ascii_case(&bare));
    is_initial || is_title || (ABBREVIATIONS.contains(&bare.as_str()) && before != word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spoken(words: &str) -> Vec<&str> {
        let spans = spans(words);
        let all: String = spans.iter().map(|span| &words[span.range.clone()]).collect();
        assert_eq!(all, words, "nothing is lost");
        spans.into_iter().filter(|span| span.is_spoken).map(|span| &words[span.range]).collect()
    }

    #[test]
    fn each_sentence_description_and_label_is_translated_by_itself() {
        for (words, expected) in [
            ("Good morning, Anna. The boat leaves at noon.", vec!["Good morning, Anna.", "The boat leaves at noon."]),
            ("Mr. Brown saw Dr. J. Smith. He left.", vec!["Mr. Brown saw Dr. J. Smith.", "He left."]),
            ("Wait... what? It is 3.14 now!", vec!["Wait... what?", "It is 3.14 now!"]),
            ("[door creaks] Who is there?", vec!["door creaks", "Who is there?"]),
            ("Not now. (sighs)", vec!["Not now.", "sighs"]),
            ("I saw him (or so I thought) there.", vec!["I saw him (or so I thought) there."]),
            ("MAN: Get down!", vec!["MAN", "Get down!"]),
            ("Down by the river ♪ ♪ I used to play", vec!["Down by the river", "I used to play"]),
            ("...and then he left --", vec!["and then he left"]),
            ("«Go home.»", vec!["Go home."]),
            ("\"Stop,\" he said.", vec!["\"Stop,\" he said."]),
            ("I thought you were…", vec!["I thought you were"]),
            ("我们回家吧。安娜呢？", vec!["我们回家吧。", "安娜呢？"]),
            ("12:30 - 1999 ...", vec![]),
        ] {
            assert_eq!(spoken(words), expected, "{words}");
        }
    }

    #[test]
    fn brackets_that_are_never_closed_cost_no_more_than_the_line() {
        let started = std::time::Instant::now();
        for words in ["a".to_owned() + &"[".repeat(1_000_000), "a".to_owned() + &"(".repeat(1_000_000) + ")x"] {
            assert_eq!(spans(&words).iter().map(|span| span.range.len()).sum::<usize>(), words.len());
        }
        assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
    }

    #[test]
    fn no_sentence_is_longer_than_a_model_reads() {
        for words in ["word, ".repeat(300), "字".repeat(2000), "é".repeat(999)] {
            assert!(spoken(&words).iter().all(|one| one.chars().count() <= MAX_SENTENCE), "{words}");
        }
    }
}
