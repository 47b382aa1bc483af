//! One sentence: what a model gets of it, and its translation with the source's casing and punctuation, the tags and the
//! glossary's terms in their places. Pure.

use subtitle_contract::language::Language;

use super::{
    casing,
    place::{self, Aligned, Mark, Term},
};

/// A sentence to translate.
#[derive(Clone, Debug)]
pub(crate) struct Sentence {
    source: String,
    /// The forms in which a model gets it, the plainest first.
    forms: Vec<String>,
    is_shouted: bool,
    marks: Vec<Mark>,
    terms: Vec<Term>,
}

impl Sentence {
    pub(super) fn new(words: &str, marks: Vec<Mark>, terms: Vec<Term>, is_description: bool) -> Self {
        let is_shouted = casing::is_shouted(words);
        let mut forms = vec![if casing::is_long(words) { casing::spoken(words) } else { words.to_owned() }];
        if is_description && marks.is_empty() && terms.is_empty() {
            forms.push(casing::sentence(&forms[0]));
        }
        Self { source: words.to_owned(), forms, is_shouted, marks, terms }
    }

    /// What a model gets: one form, or several of which the best translation is taken.
    pub(crate) fn forms(&self) -> impl Iterator<Item = &str> {
        self.forms.iter().map(String::as_str)
    }

    /// Whether the model's alignment is needed to put something back.
    pub(crate) fn is_marked(&self) -> bool {
        !self.marks.is_empty() || !self.terms.is_empty()
    }

    /// The translation as it goes into the line; `answer` has that of each form.
    pub(crate) fn translated<'a>(&self, answer: impl Fn(&str) -> Option<&'a Aligned>, to: &Language) -> String {
        let answers = self.forms().filter_map(|form| Some((form, answer(form)?)));
        let Some((sent, answer)) = answers.min_by_key(|(form, answer)| casing::left(form, &answer.text)) else {
            return String::new();
        };
        let mut answer = answer.clone();
        if !self.is_marked() {
            answer.text = casing::without_repeats(sent, &answer.text);
        }
        answer.text = casing::without_note(sent, &answer.text).to_owned();
        answer.text = casing::punctuated(&self.source, &answer.text);
        let end = answer.text.len();
        answer.units.retain_mut(|unit| {
            unit.range.end = unit.range.end.min(end);
            unit.range.start < unit.range.end
        });
        answer.text = casing::begun(&self.source, &answer.text, to);
        let edits = place::edits(&answer, sent, &self.marks, &self.terms);
        let mut quotes = casing::quotes(&self.source, &answer.text).into_iter();
        let mut shown = |text: &str| {
            let text = casing::with_quotes(text, &mut quotes);
            if self.is_shouted { text.to_uppercase() } else { text }
        };
        let (mut text, mut at) = (String::with_capacity(answer.text.len() + 16), 0);
        for edit in edits {
            let start = edit.range.start.clamp(at, answer.text.len());
            text.push_str(&shown(&answer.text[at..start]));
            text.push_str(&if !edit.is_tag && self.is_shouted { edit.text.to_uppercase() } else { edit.text });
            at = edit.range.end.clamp(start, answer.text.len());
        }
        text.push_str(&shown(&answer.text[at..]));
        text
    }
}
