//! How a text is laid out on screen: one line of text comes in, with its tags; one or two lines go out. The
//! rules are Netflix's Timed Text Style Guide: at most two lines of at most 42 characters (16 where characters are as
//! wide as high), broken after punctuation and before conjunctions and prepositions, never behind an article. Pure.

use crate::subtitle::markup::inline::{pieces, plain};

/// The longest line, in Latin characters.
pub(super) const MAX_CHARS: usize = 42;
/// The longest line in full-width characters.
pub(super) const MAX_CHARS_WIDE: usize = 16;
/// The most lines.
pub(super) const LINES: usize = 2;

/// Articles, prepositions and conjunctions that a line may begin but not end with, in the languages most subtitles
/// are in.
const LEADING: &[&str] = &[
    "a", "al", "an", "and", "as", "at", "au", "auf", "aus", "aux", "avec", "bei", "but", "by", "che", "com", "con",
    "da", "dans", "das", "de", "dei", "del", "della", "dem", "den", "der", "des", "di", "die", "do", "dos", "du", "e",
    "ein", "eine", "el", "em", "en", "et", "for", "from", "für", "gli", "i", "if", "il", "in", "la", "las", "le",
    "les", "lo", "los", "ma", "mais", "mas", "mein", "mi", "mit", "mon", "my", "na", "no", "o", "of", "on", "or", "os",
    "ou", "our", "para", "per", "pero", "por", "pour", "que", "qui", "se", "si", "sin", "so", "su", "sur", "that",
    "the", "their", "to", "tu", "um", "uma", "un", "una", "und", "une", "von", "was", "wenn", "with", "y", "your",
    "zu",
];

/// A name follows them.
pub(in crate::translate) const TITLES: &[&str] =
    &["Dr.", "Dra.", "Mr.", "Mrs.", "Ms.", "Prof.", "Sr.", "Sra.", "Srta.", "St."];

/// Lays a text out on as many lines as it needs, or as many as it had before if that is more.
pub(super) fn wrapped(text: &str, lines_before: usize) -> String {
    let shown = plain(text);
    let is_wide = shown.chars().filter(|character| is_wide(*character)).count() * 2 > shown.chars().count();
    let (length, longest) = (shown.chars().count(), if is_wide { MAX_CHARS_WIDE } else { MAX_CHARS });
    if length <= longest && lines_before < LINES {
        return text.to_owned();
    }
    let breaks = breaks(text, is_wide);
    let cost = |candidate: &&Break| {
        let (first, second) = (candidate.shown, length - candidate.shown);
        let beyond = first.saturating_sub(longest) + second.saturating_sub(longest);
        // What does not fit is worse than any uneven line, an uneven line better than a torn phrase.
        i64::try_from(beyond * 100 + first.abs_diff(second)).unwrap_or(i64::MAX / 2) + candidate.badness
    };
    match breaks.iter().filter(|candidate| candidate.shown >= 2 && length - candidate.shown >= 2).min_by_key(cost) {
        Some(Break { at, skips, .. }) => format!("{}\n{}", &text[..*at], &text[at + skips..]),
        None => text.to_owned(),
    }
}

/// Where a line may end.
struct Break {
    /// The byte at which the first line ends.
    at: usize,
    /// Bytes between the lines.
    skips: usize,
    /// Characters on the first line.
    shown: usize,
    /// How bad it reads.
    badness: i64,
}

fn breaks(text: &str, is_wide: bool) -> Vec<Break> {
    let mut breaks = Vec::new();
    let (mut at, mut shown, mut before) = (0, 0, ' ');
    for (is_tag, piece) in pieces(text) {
        if !is_tag {
            for (offset, character) in piece.char_indices() {
                let here = at + offset;
                if character == ' ' {
                    breaks.push(Break {
                        at: here,
                        skips: 1,
                        shown,
                        badness: badness(&text[..here], &text[here + 1..]),
                    });
                } else if is_wide && shown > 0 && self::is_wide(before) && !closes(character) && !opens(before) {
                    // Between two characters that are words of their own, if nothing better is near.
                    let badness = if closes(before) { -6 } else { 4 };
                    breaks.push(Break { at: here, skips: 0, shown, badness });
                }
                shown += 1;
                before = character;
            }
        }
        at += piece.len();
    }
    breaks
}

fn badness(before: &str, after: &str) -> i64 {
    let last = plain(before).split_whitespace().next_back().unwrap_or_default().to_owned();
    let next = plain(after).split_whitespace().next().unwrap_or_default().to_lowercase();
    let is_leading = |word: &str| LEADING.contains(&word);
    if TITLES.contains(&last.as_str()) {
        12
    } else if last.ends_with(['.', '!', '?', '…']) {
        -12
    } else if last.ends_with([',', ';', ':', '—']) {
        -8
    } else if is_leading(&last.to_lowercase()) {
        14
    } else if is_leading(&next) {
        -3
    } else {
        let is_name = |word: &str| word.starts_with(char::is_uppercase);
        if is_name(&last) && after.trim_start().starts_with(char::is_uppercase) { 12 } else { 0 }
    }
}

pub(super) fn is_wide(character: char) -> bool {
    matches!(character, '\u{1100}'..='\u{115F}' | '\u{2E80}'..='\u{A4CF}' | '\u{AC00}'..='\u{D7A3}' | '\u{F900}'..='\u{FAFF}' | '\u{FE30}'..='\u{FE4F}' | '\u{FF00}'..='\u{FF60}' | '\u{20000}'..='\u{3FFFD}')
}

/// What never begins a line of wide characters.
fn closes(character: char) -> bool {
    matches!(
        character,
        '、' | '。'
            | '，'
            | '．'
            | '！'
            | '？'
            | '：'
            | '；'
            | '」'
            | '』'
            | '）'
            | '】'
            | '》'
            | '…'
            | 'ー'
            | '々'
    )
}

/// What never ends one.
fn opens(character: char) -> bool {
    matches!(character, '「' | '『' | '（' | '【' | '《')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_text_stays_on_one_line_and_a_long_one_gets_two_of_at_most_42() {
        assert_eq!(wrapped("Ve a casa ahora.", 1), "Ve a casa ahora.");
        let long = "Tendríamos que haber ido a casa antes de que llegara la tormenta, Ana.";
        let laid_out = wrapped(long, 1);
        let lines: Vec<&str> = laid_out.lines().collect();
        assert_eq!(lines.len(), 2);
        assert!(lines.iter().all(|line| line.chars().count() <= 42), "{laid_out}");
        assert_eq!(laid_out.replace('\n', " "), long, "nothing is lost");
    }

    #[test]
    fn a_line_ends_after_punctuation_and_never_behind_an_article_or_inside_a_name() {
        for (text, laid_out) in [
            ("Te digo que no lo sé, pero ya se ha marchado", "Te digo que no lo sé,\npero ya se ha marchado"),
            ("Hemos encontrado la llave de la casa vieja", "Hemos encontrado la llave\nde la casa vieja"),
            ("Ayer vi llegar a Ana Brown con los otros", "Ayer vi llegar\na Ana Brown con los otros"),
            ("O Sr. Brown e o Dr. Smith chegaram ontem", "O Sr. Brown e o Dr. Smith\nchegaram ontem"),
        ] {
            assert_eq!(wrapped(text, 2), laid_out);
        }
    }

    #[test]
    fn tags_have_no_width_and_are_never_torn() {
        assert_eq!(wrapped("Ve <font color=\"red\">a casa</font> ya.", 1), "Ve <font color=\"red\">a casa</font> ya.");
    }

    #[test]
    fn wide_characters_break_by_width_and_never_before_their_punctuation() {
        let laid_out = wrapped("我们应该在暴风雨来之前回家，安娜，船都在港口里。", 1);
        assert_eq!(laid_out, "我们应该在暴风雨来之前回家，\n安娜，船都在港口里。");
        assert_eq!(wrapped("我们回家吧。", 1), "我们回家吧。");
    }
}
