//! Hebrew in the order it looks: old programs stored each line from its left end, as a screen without knowledge of
//! the language would draw it. A line comes in, the line in reading order goes out. Pure.

use crate::subtitle::{
    Format, Subtitle,
    markup::Kind,
    warning::{Code, Warning},
};

/// Letters with another form at a word's end. At a word's beginning they are the mark of visual order.
const FINAL: [char; 5] = ['ך', 'ם', 'ן', 'ף', 'ץ'];

/// How many words must begin with a final letter before a file is turned.
const FEWEST: usize = 3;

/// The subtitle in reading order, if it was not.
pub(in crate::subtitle) fn reordered(mut subtitle: Subtitle) -> Subtitle {
    let (mut begin, mut end) = (0, 0);
    for cue in &subtitle.cues {
        let plain = subtitle.format.plain(&cue.text);
        let words = plain.split(|character: char| !is_hebrew(character)).filter(|word| word.chars().count() > 1);
        for word in words {
            begin += usize::from(word.starts_with(FINAL));
            end += usize::from(word.ends_with(FINAL));
        }
    }
    if begin < FEWEST || begin <= end * 4 {
        return subtitle;
    }
    for cue in &mut subtitle.cues {
        cue.text = turned(subtitle.format, &cue.text);
    }
    subtitle.warnings.push(Warning::new(Code::ReorderedVisualHebrew, 0));
    subtitle
}

fn is_hebrew(character: char) -> bool {
    ('\u{5D0}'..='\u{5EA}').contains(&character)
}

/// Each stretch of text between tags and line ends, turned if it has Hebrew.
fn turned(format: Format, text: &str) -> String {
    let stretch = |segment: &crate::subtitle::markup::Segment<'_>| {
        if segment.kind == Kind::Text && segment.raw.contains(is_hebrew) {
            format.encoded(&turned_line(&format.decoded(segment.raw))).0.into_owned()
        } else {
            segment.raw.to_owned()
        }
    };
    format.segments(text).iter().map(stretch).collect()
}

/// The line from its other end; numbers and words of other scripts keep their order, brackets change sides.
fn turned_line(line: &str) -> String {
    let mut backwards: Vec<char> = line.chars().rev().map(mirrored).collect();
    let mut at = 0;
    while at < backwards.len() {
        let mut end = at;
        while end < backwards.len() && is_left_to_right(&backwards, at, end) {
            end += 1;
        }
        backwards[at..end].reverse();
        at = end.max(at + 1);
    }
    backwards.into_iter().collect()
}

/// Whether the character at `at` goes on a stretch that began at `start`: letters and digits do, and signs between
/// two of them.
fn is_left_to_right(characters: &[char], start: usize, at: usize) -> bool {
    let is_word = |at: usize| characters.get(at).is_some_and(|one| one.is_alphanumeric() && !is_hebrew(*one));
    let joins = matches!(characters[at], '.' | ',' | ':' | '/' | '\'' | '-' | ' ' | '&');
    is_word(at) || (at > start && joins && is_word(at + 1))
}

const fn mirrored(character: char) -> char {
    match character {
        '(' => ')',
        ')' => '(',
        '[' => ']',
        ']' => '[',
        '«' => '»',
        '»' => '«',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[&str]) -> Subtitle {
        let cue = |(at, line): (usize, &&str)| format!("{}\n00:00:0{at},000 --> 00:00:0{at},900\n{line}\n\n", at + 1);
        reordered(Subtitle::read(&lines.iter().enumerate().map(cue).collect::<String>()).expect("cues"))
    }

    #[test]
    fn visual_lines_are_turned_with_numbers_words_and_tags_in_their_order() {
        let visual = ["<i>.םולש</i>", "?DVD-ב 12:30-ל םיכלוה", "(ןבומכ) ,םימ", "{\\an8}...ךיא"];
        let logical = ["<i>שלום.</i>", "הולכים ל-12:30 ב-DVD?", "מים, (כמובן)", "{\\an8}איך..."];
        let read = read(&visual);
        assert_eq!(read.cues.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>(), logical);
        assert_eq!(read.warnings.last().map(|warning| warning.code), Some(Code::ReorderedVisualHebrew));
    }

    #[test]
    fn logical_lines_stay_as_they_are() {
        let logical = ["שלום, אנה.", "הולכים למים.", "(כמובן) איך?", "םם םם םם"];
        let read = read(&logical);
        assert_eq!(read.cues.iter().map(|cue| cue.text.as_str()).collect::<Vec<_>>(), logical);
        assert_eq!(read.warnings, []);
    }
}
