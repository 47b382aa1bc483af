//! What a text's words say about whether it was translated at all, and about whose answer it is. Pure.

use subtitle_contract::language::Language;
use whatlang::{Detector, Lang};

use super::rule::Pair;
use crate::subtitle::markup::inline::plain;

/// Below this many characters lengths say nothing.
const SHORT: usize = 24;
/// A translation so many times as long, or as short, is no translation of its source: languages of one script differ
/// by less than two, Chinese and English by about three.
const OUT_OF_PROPORTION: usize = 5;

fn words(text: &str) -> Vec<String> {
    let plain = plain(text);
    let words = plain.split(|character: char| !character.is_alphanumeric() && character != '\'' && character != '’');
    words.filter(|word| word.chars().any(char::is_alphabetic)).map(str::to_owned).collect()
}

pub(super) fn count(text: &str) -> usize {
    words(text).len()
}

/// Letters and digits only, so that punctuation does not make two texts differ.
pub(super) fn normal(text: &str) -> String {
    plain(text).chars().filter(|character| character.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

pub(super) fn is_same(one: &str, other: &str) -> bool {
    normal(one) == normal(other)
}

/// Whether a sentence came back as it was, in the source's language. Names, exclamations and a phrase that was in the
/// target's language already may.
pub(super) fn is_left_in_place(source: &str, translation: &str, pair: Pair<'_>) -> bool {
    if pair.from.primary() == pair.to.primary() || !is_same(source, translation) {
        return false;
    }
    let words = words(source);
    let mut distinct: Vec<String> = words.iter().map(|word| word.to_lowercase()).collect();
    distinct.sort_unstable();
    distinct.dedup();
    let is_name = words.iter().all(|word| word.starts_with(|first: char| !first.is_lowercase()))
        && words.iter().any(|word| word.contains(char::is_lowercase));
    distinct.len() >= 3 && !is_name && leans(&plain(source), pair) != Some(Leaning::Target)
}

#[derive(PartialEq, Eq)]
enum Leaning {
    Source,
    Target,
}

/// Which of the two languages a short text is rather in; `None` if the detector knows only one of them.
fn leans(text: &str, pair: Pair<'_>) -> Option<Leaning> {
    let (from, to) = (detectable(pair.from)?, detectable(pair.to)?);
    let found = Detector::with_allowlist(vec![from, to]).detect_lang(text)?;
    Some(if found == from { Leaning::Source } else { Leaning::Target })
}

fn detectable(language: &Language) -> Option<Lang> {
    let same = |known: &&Lang| Language::parse(known.code()).is_ok_and(|tag| tag.primary() == language.primary());
    Lang::all().iter().find(same).copied()
}

/// Numbers of two digits and more, in any order and with any separators: smaller ones become words.
pub(super) fn numbers(text: &str) -> Vec<String> {
    let plain = plain(text);
    let runs = plain.split(|character: char| !character.is_ascii_digit());
    let mut numbers: Vec<String> = runs.filter(|run| run.len() > 1).map(str::to_owned).collect();
    numbers.sort_unstable();
    numbers
}

pub(super) fn is_out_of_proportion(source: &str, translation: &str) -> bool {
    let (before, after) = (plain(source).chars().count(), plain(translation).chars().count());
    before.max(after) >= SHORT && (before > after * OUT_OF_PROPORTION || after > before * OUT_OF_PROPORTION)
}
