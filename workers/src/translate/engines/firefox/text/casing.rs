//! Casing and punctuation as in the source, and words that a model repeats without end: a source and its translation come
//! in, the corrected translation goes out. Pure.

use subtitle_contract::language::Language;

use super::QUOTES;

/// Whether words have capital letters only.
pub(super) fn is_shouted(words: &str) -> bool {
    let letters = words.chars().filter(|one| one.is_alphabetic());
    let is_upper = letters.clone().all(|one| !one.is_lowercase()) && letters.clone().any(char::is_uppercase);
    is_upper && letters.count() >= 2
}

/// Whether shouted words are more than an abbreviation, so that a model reads them best as they are spoken.
pub(super) fn is_long(words: &str) -> bool {
    is_shouted(words) && words.chars().filter(|one| one.is_alphabetic()).count() >= 4
}

/// A description as a sentence.
pub(super) fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    let first = characters.next().map(|first| same_size(first, first.to_uppercase()));
    first.into_iter().chain(characters).chain((!words.ends_with(['.', '!', '?'])).then_some('.')).collect()
}

/// How many of the source's words a model left as they were.
pub(super) fn left(source: &str, answer: &str) -> usize {
    let kept: Vec<String> = answer.split_whitespace().map(normal).collect();
    let words = source.split_whitespace().map(normal);
    words.filter(|word| word.chars().count() > 2 && kept.contains(word)).count()
}

/// Without a note in parentheses at the end that the source does not have, such as "(em inglês)".
pub(super) fn without_note<'a>(source: &str, answer: &'a str) -> &'a str {
    let bare = answer.trim_end_matches(['.', ' ']);
    match bare.rfind(" (") {
        Some(at) if at > 0 && bare.ends_with(')') && !source.contains('(') => &answer[..at],
        _ => answer,
    }
}

/// The source's quotation marks, if the translation has as many.
pub(super) fn quotes(source: &str, answer: &str) -> Vec<char> {
    let all = |text: &str| text.chars().filter(|one| QUOTES.contains(one)).collect::<Vec<_>>();
    let quotes = all(source);
    if quotes.len() == all(answer).len() { quotes } else { Vec::new() }
}

/// A part of a translation with the next of these quotation marks instead of its own.
pub(super) fn with_quotes(text: &str, quotes: &mut impl Iterator<Item = char>) -> String {
    text.chars().map(|one| if QUOTES.contains(&one) { quotes.next().unwrap_or(one) } else { one }).collect()
}

/// Shouted words as they are spoken, with as many bytes.
pub(super) fn spoken(words: &str) -> String {
    let (mut spoken, mut begins) = (String::with_capacity(words.len()), true);
    for word in words.split_inclusive(|one: char| !one.is_alphabetic()) {
        let is_single = word.chars().filter(|one| one.is_alphabetic()).count() == 1 && word.starts_with('I');
        for one in word.chars() {
            let keeps = is_single || (begins && one.is_alphabetic());
            begins &= !one.is_alphabetic();
            spoken.push(if keeps { one } else { same_size(one, one.to_lowercase()) });
        }
    }
    spoken
}

/// The one character of `changed`, if it takes as many bytes.
fn same_size(one: char, mut changed: impl Iterator<Item = char>) -> char {
    changed.next().filter(|other| other.len_utf8() == one.len_utf8() && changed.next().is_none()).unwrap_or(one)
}

/// Begins with a capital letter if the source does, else with a small one.
pub(super) fn begun(source: &str, answer: &str, to: &Language) -> String {
    let first = |text: &str| text.char_indices().find(|(_, one)| one.is_alphabetic());
    let (Some((_, before)), Some((at, after))) = (first(source), first(answer)) else { return answer.to_owned() };
    let is_digit_first = |text: &str| text.starts_with(|one: char| one.is_ascii_digit());
    let changed = if is_digit_first(source) || is_digit_first(answer) {
        after
    } else if before.is_uppercase() {
        same_size(after, after.to_uppercase())
    } else if before.is_lowercase() && to.primary() != "de" {
        same_size(after, after.to_lowercase())
    } else {
        after
    };
    format!("{}{changed}{}", &answer[..at], &answer[at + after.len_utf8()..])
}

/// Ends as the source does: with its full stop, question or exclamation mark, comma, or with none.
pub(super) fn punctuated(source: &str, answer: &str) -> String {
    const ENDS: [char; 5] = ['.', '!', '?', ',', ';'];
    let bare = answer.trim_end_matches(ENDS);
    let end = &source[source.trim_end_matches(ENDS).len()..];
    // Greek and wide scripts have marks of their own.
    let is_known =
        bare.ends_with(|one: char| one.is_alphanumeric() && matches!(one as u32, 0..0x0250 | 0x0400..0x0530));
    if bare.is_empty() || !is_known || (end.is_empty() && source.ends_with(|one: char| !one.is_alphanumeric())) {
        return answer.to_owned();
    }
    let is_abbreviation = end.is_empty() && bare.rsplit(' ').next().is_some_and(|word| word.contains('.'));
    if is_abbreviation { answer.to_owned() } else { format!("{bare}{end}") }
}

/// Runs of the same words, at most as long as in the source.
pub(super) fn without_repeats(source: &str, answer: &str) -> String {
    let longest = longest_run(&source.split_whitespace().collect::<Vec<_>>()).max(2);
    let mut words: Vec<&str> = answer.split_whitespace().collect();
    if longest_run(&words) <= longest {
        return answer.to_owned();
    }
    for length in 1..=4 {
        let mut at = 0;
        while at + length <= words.len() {
            let run = run(&words[at..], length);
            if run > longest {
                words.drain(at + longest * length..at + run * length);
            }
            at += 1;
        }
    }
    words.join(" ")
}

fn normal(word: &str) -> String {
    word.trim_matches(|one: char| !one.is_alphanumeric()).to_lowercase()
}

/// How often the first `length` words are repeated in a row.
fn run(words: &[&str], length: usize) -> usize {
    let is_same = |other: &&[&str]| {
        other.len() == length && other.iter().zip(words).all(|(one, first)| normal(one) == normal(first))
    };
    words.chunks(length).take_while(is_same).count()
}

fn longest_run(words: &[&str]) -> usize {
    let starts = |length: usize| (0..words.len()).map(move |at| run(&words[at..], length));
    (1..=4).flat_map(starts).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casing_and_punctuation_are_the_sources() {
        assert!(is_shouted("GET DOWN!") && is_long("STOP") && !is_long("FBI") && !is_shouted("Stop"));
        assert_eq!(spoken("WHERE AM I, ANNA?"), "Where am I, anna?");
        for (source, answer, expected) in [
            ("gone home", "Ido para casa.", "ido para casa"),
            ("gone home,", "Ido para casa", "ido para casa,"),
            ("Gone home!", "ido para casa.", "Ido para casa!"),
            ("What?", "O quê?", "O quê?"),
            ("Brown, Inc.", "Brown, Inc.", "Brown, Inc."),
        ] {
            let to = Language::parse("pt").expect("a tag");
            assert_eq!(begun(source, &punctuated(source, answer), &to), expected, "{source}");
        }
        let german = Language::parse("de").expect("a tag");
        assert_eq!(begun("the house", "Haus und Hof", &german), "Haus und Hof");
    }

    #[test]
    fn words_are_not_repeated_more_often_than_in_the_source() {
        assert_eq!(without_repeats("No.", &"Não, ".repeat(40)), "Não, Não,");
        assert_eq!(without_repeats("Go on", "e vai e vai e vai e vai e vai"), "e vai e vai");
        assert_eq!(without_repeats("No, no, no, no!", "Não, não, não, não!"), "Não, não, não, não!");
    }
}
