//! Where tags and terms go in a translation, by the model's alignment of its words with the source's: positions in the source
//! come in, edits of the translation go out.
//!
//! A pair of tags goes around the run of words that agrees best with what it was around; a single tag goes where the fewest
//! words cross it, so that tags keep their order. Pure.

use std::ops::Range;

/// A tag that was taken out.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    /// The tag, with the space behind it if it stood between two.
    pub(super) tag: String,
    /// Before which byte of the words it stood.
    pub(super) at: usize,
}

/// A term of the glossary.
#[derive(Clone, Debug)]
pub(super) struct Term {
    /// The bytes of the words.
    pub(super) range: Range<usize>,
    /// How it is rendered.
    pub(super) target: String,
}

/// A translation and where each of its words comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Aligned {
    /// The translation.
    pub(crate) text: String,
    /// Its words and punctuation marks; empty where no alignment was asked for.
    pub(crate) units: Vec<Unit>,
    /// Where the source's words begin, in the model's own count, and its end.
    pub(crate) words: Vec<usize>,
}

/// A word or a punctuation mark of a translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unit {
    /// Its bytes.
    pub(crate) range: Range<usize>,
    /// The source's character that it comes from, in the model's own count.
    pub(crate) from: usize,
}

/// A change of a translation.
#[derive(Debug)]
pub(super) struct Edit {
    /// The bytes that it replaces; empty for what is put in between.
    pub(super) range: Range<usize>,
    /// What goes there.
    pub(super) text: String,
    pub(super) is_tag: bool,
    order: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Opens,
    Closes,
    Free,
}

/// The edits that put `marks` and `terms` of a sentence into its translation, in order.
pub(super) fn edits(answer: &Aligned, sent: &str, marks: &[Mark], terms: &[Term]) -> Vec<Edit> {
    let mut edits = Vec::new();
    for Term { range, target } in terms {
        edits.push(answer.term(answer.source(sent, range.start)..answer.source(sent, range.end), target, &edits));
    }
    let roles: Vec<Role> = marks.iter().map(|mark| role(&mark.tag, sent, mark.at)).collect();
    let mut is_placed = vec![false; marks.len()];
    for (at, mark) in marks.iter().enumerate() {
        if is_placed[at] {
            continue;
        }
        let begin = answer.source(sent, mark.at);
        let later = if roles[at] == Role::Opens { at + 1..marks.len() } else { 0..0 };
        let closes =
            |other: &usize| roles[*other] == Role::Closes && !is_placed[*other] && pairs(&mark.tag, &marks[*other].tag);
        let closing = later.into_iter().find(closes);
        match closing {
            Some(other) if marks[other].at > mark.at => {
                is_placed[other] = true;
                let units = answer.around(&(begin..answer.source(sent, marks[other].at)));
                let (start, end) = answer.bytes(&units);
                edits.push(Edit { range: start..start, text: mark.tag.clone(), is_tag: true, order: 3 });
                edits.push(Edit { range: end..end, text: marks[other].tag.clone(), is_tag: true, order: 0 });
            }
            _ => edits.push(answer.single(mark, roles[at], begin)),
        }
    }
    // Nothing goes into a term.
    let replaced: Vec<Range<usize>> =
        edits.iter().map(|edit| edit.range.clone()).filter(|range| !range.is_empty()).collect();
    for edit in edits.iter_mut().filter(|edit| edit.range.is_empty()) {
        if let Some(term) = replaced.iter().find(|term| term.start < edit.range.start && edit.range.start < term.end) {
            edit.range = term.end..term.end;
        }
    }
    edits.sort_by_key(|edit| (edit.range.start, edit.order));
    edits
}

/// What a tag does, by its name, or by the spaces around it if it has none.
fn role(tag: &str, words: &str, at: usize) -> Role {
    if !is_stand_in(tag) {
        return if tag.starts_with("</") { Role::Closes } else { Role::Opens };
    }
    let before = words[..at].chars().next_back().is_none_or(char::is_whitespace);
    let after = words[at..].chars().next().is_none_or(|next| !next.is_alphanumeric());
    match (before, after || tag.ends_with(' ')) {
        (true, false) => Role::Opens,
        (false, true) => Role::Closes,
        _ => Role::Free,
    }
}

/// Whether a tag stands for another one, or for a placeholder, and has no name of its own.
fn is_stand_in(tag: &str) -> bool {
    tag.trim_end().ends_with("/>") || tag.starts_with('{')
}

fn pairs(opening: &str, closing: &str) -> bool {
    let name = |tag: &str| tag.trim_matches(['<', '/', '>', ' ']).split(' ').next().unwrap_or_default().to_owned();
    match (is_stand_in(opening), is_stand_in(closing)) {
        (true, true) => !closing.starts_with("<j"),
        (false, false) => name(opening) == name(closing),
        _ => false,
    }
}

impl Aligned {
    /// A byte of the sent words, in the model's own count.
    fn source(&self, sent: &str, at: usize) -> usize {
        let before = &sent[..at];
        let count = before.split_whitespace().count();
        let inside = before.ends_with(|one: char| !one.is_whitespace());
        let (word, characters) = if inside {
            (count - 1, before.split_whitespace().next_back().map_or(0, |word| word.chars().count()))
        } else {
            (count, 0)
        };
        let end = self.words.last().copied().unwrap_or(0);
        let start = self.words.get(word).copied().unwrap_or(end);
        (start + characters).min(self.words.get(word + 1).copied().unwrap_or(end))
    }

    /// The run of words that agrees best with a range of the source; one word if none does.
    fn around(&self, range: &Range<usize>) -> Range<usize> {
        let (mut best, mut best_sum) = (None, 0);
        for start in 0..self.units.len() {
            let mut sum = 0;
            for end in start..self.units.len() {
                // Models align punctuation with anything.
                let is_word = self.is_word(end);
                sum += match (is_word, range.contains(&self.units[end].from)) {
                    (false, _) => 0,
                    (true, true) => 1,
                    (true, false) => -1,
                };
                if sum > best_sum && is_word && self.is_word(start) {
                    (best, best_sum) = (Some(start..end + 1), sum);
                }
            }
        }
        best.unwrap_or_else(|| {
            let at = self.cut(range.start, |cut| cut < self.units.len() && self.is_word(cut));
            let at = at.min(self.units.len().saturating_sub(1));
            at..(at + 1).min(self.units.len())
        })
    }

    fn is_word(&self, unit: usize) -> bool {
        self.text[self.units[unit].range.clone()].chars().any(char::is_alphanumeric)
    }

    fn bytes(&self, units: &Range<usize>) -> (usize, usize) {
        match (self.units.get(units.start), units.end.checked_sub(1).and_then(|last| self.units.get(last))) {
            (Some(first), Some(last)) => (first.range.start, last.range.end),
            _ => (0, self.text.len()),
        }
    }

    /// Before which word the fewest words cross a position of the source; of several, the one that is nearest in proportion.
    fn cut(&self, at: usize, is_allowed: impl Fn(usize) -> bool) -> usize {
        let crossing = |cut: usize| {
            let (before, after) = self.units.split_at(cut);
            before.iter().filter(|unit| unit.from >= at).count() + after.iter().filter(|unit| unit.from < at).count()
        };
        let end = self.words.last().copied().unwrap_or(1).max(1);
        let distance = |cut: usize| (cut * end).abs_diff(at * self.units.len());
        let allowed = (0..=self.units.len()).filter(|cut| is_allowed(*cut));
        allowed.min_by_key(|cut| (crossing(*cut), distance(*cut))).unwrap_or(self.units.len())
    }

    /// Whether a word begins there, with a space before it.
    fn is_between_words(&self, cut: usize) -> bool {
        cut > 0 && cut < self.units.len() && self.units[cut - 1].range.end < self.units[cut].range.start
    }

    fn single(&self, mark: &Mark, role: Role, at: usize) -> Edit {
        let cut = self.cut(at, |cut| self.is_between_words(cut) || (role != Role::Closes && cut == 0));
        let tag = mark.tag.clone();
        let before = cut.checked_sub(1).and_then(|last| self.units.get(last)).map_or(0, |unit| unit.range.end);
        let behind = self.units.get(cut).map_or(self.text.len(), |unit| unit.range.start);
        let (at, text, order) = match role {
            Role::Closes => (if cut == 0 { self.text.len() } else { before }, tag, 0),
            _ if cut >= self.units.len() && tag.ends_with(' ') => (self.text.len(), format!(" {}", tag.trim_end()), 1),
            Role::Opens | Role::Free => (behind, tag, 2),
        };
        Edit { range: at..at, text, is_tag: true, order }
    }

    fn term(&self, range: Range<usize>, target: &str, earlier: &[Edit]) -> Edit {
        let has_one = (0..self.units.len()).any(|unit| self.is_word(unit) && range.contains(&self.units[unit].from));
        let (start, end) = self.bytes(&self.around(&range));
        let is_free = earlier.iter().all(|edit| end <= edit.range.start || edit.range.end <= start);
        if has_one && is_free {
            return Edit { range: start..end, text: target.to_owned(), is_tag: false, order: 4 };
        }
        let cut = self.cut(range.start, |cut| cut == 0 || self.is_between_words(cut));
        let at = self.units.get(cut).map_or(self.text.len(), |unit| unit.range.start);
        Edit { range: at..at, text: format!("{target} "), is_tag: false, order: 2 }
    }
}
