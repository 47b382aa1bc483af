//! From cues to the pieces an engine gets, and back. Each spoken part of a cue is one piece, so that no engine
//! can move words across cues; position tags stay outside. Pure.

use std::fmt::Write as _;

use crate::subtitle::{
    Cue, Format,
    markup::{
        Kind, Segment,
        inline::{pieces, plain},
    },
};

/// One piece of text for the engine, and how it goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What the engine gets: one line, inner tags kept or stood for by `<x0/>`.
    pub text: String,
    /// Whether there are words in it.
    pub is_translatable: bool,
    format: Format,
    /// As the cue has it, in its own markup.
    source: String,
    /// Tags and dashes before it.
    prefix: String,
    /// Tags after it.
    suffix: String,
    /// Over how many lines it is laid out.
    lines: usize,
    /// What `<x0/>` and so on stand for.
    tags: Vec<String>,
}

/// What may stand before somebody's words without being one.
const LEADS: [char; 5] = [' ', '-', '–', '—', '♪'];

/// The pieces of one cue: a dialogue of dashes has one per speaker, everything else is one.
pub fn split(format: Format, text: &str) -> Vec<Piece> {
    let segments = format.segments(text);
    let lines: Vec<&[Segment<'_>]> = segments.split(|segment| segment.kind == Kind::Break).collect();
    let speaks = |line: &&[Segment<'_>]| {
        let said = line.iter().find(|segment| segment.kind == Kind::Text && !segment.raw.trim().is_empty());
        said.is_some_and(|said| said.raw.trim_start().starts_with(['-', '–', '—']))
    };
    if lines.len() > 1 && lines.iter().all(speaks) {
        lines.into_iter().map(|line| piece(format, line)).collect()
    } else {
        vec![piece(format, &segments)]
    }
}

fn piece(format: Format, segments: &[Segment<'_>]) -> Piece {
    let raw = |segments: &[Segment<'_>]| segments.iter().map(|segment| segment.raw).collect::<String>();
    let leads = |segment: &&Segment<'_>| segment.kind != Kind::Text || segment.raw.trim_matches(LEADS).is_empty();
    let trails = |segment: &&Segment<'_>| segment.kind != Kind::Text || segment.raw.trim().is_empty();
    let first = segments.iter().take_while(leads).count();
    let last = segments[first..].iter().rev().take_while(trails).count();
    let middle = &segments[first..segments.len() - last];
    let (mut prefix, suffix) = (raw(&segments[..first]), raw(&segments[segments.len() - last..]));
    let mut tags = Vec::new();
    let mut text = String::new();
    for segment in middle {
        match segment.kind {
            Kind::Text => text.push_str(&format.decoded(segment.raw)),
            Kind::Break => text.push(' '),
            Kind::Tag if format == Format::Srt => text.push_str(segment.raw),
            Kind::Tag | Kind::Drawing => {
                let _ = write!(text, "<x{}/>", tags.len());
                tags.push(segment.raw.to_owned());
            }
        }
    }
    let spoken = text.trim_start_matches(LEADS);
    prefix.push_str(&text[..text.len() - spoken.len()]);
    let source = raw(segments);
    // Syllables that are timed stay: words of another language would not fit them.
    let is_translatable = plain(spoken).chars().any(char::is_alphabetic) && !format.is_timed_inside(&source);
    let lines = 1 + middle.iter().filter(|segment| segment.kind == Kind::Break).count();
    Piece { text: spoken.to_owned(), is_translatable, format, source, prefix, suffix, lines, tags }
}

impl Piece {
    fn line_break(&self) -> &'static str {
        if self.format == Format::Ass { "\\N" } else { "\n" }
    }

    /// The piece in the cue's markup with the engine's text.
    fn back(&self, translation: &str) -> String {
        if !self.is_translatable {
            return self.source.clone();
        }
        let laid_out = lay_out(translation.trim(), self.lines);
        if self.format == Format::Srt {
            return format!("{}{laid_out}{}", self.prefix, self.suffix);
        }
        let mut text = self.prefix.clone();
        for (_, part) in pieces(&laid_out) {
            let number = part.strip_prefix("<x").and_then(|part| part.strip_suffix("/>"));
            match number.and_then(|number| self.tags.get(number.parse::<usize>().ok()?)) {
                Some(tag) => text.push_str(tag),
                None => text.push_str(&self.format.encoded(part).0),
            }
        }
        text.push_str(&self.suffix);
        text
    }
}

/// The cue's text from its pieces and their translations.
pub fn join(pieces: &[Piece], translations: &[&str]) -> String {
    let texts = pieces.iter().zip(translations).map(|(piece, text)| piece.back(text));
    texts.collect::<Vec<_>>().join(pieces.first().map_or("\n", Piece::line_break))
}

/// Breaks a text into `lines` lines of about the same length, at spaces outside tags.
fn lay_out(text: &str, lines: usize) -> String {
    let mut laid_out = String::with_capacity(text.len());
    let (mut in_tag, mut done, mut breaks) = (false, 0, 1);
    let length = plain(text).chars().count();
    for character in text.chars() {
        match character {
            '<' => in_tag = true,
            '>' => in_tag = false,
            _ if !in_tag => done += 1,
            _ => {}
        }
        // Breaks at the first space at or past an even share, unless what follows is too short to stand alone.
        if character == ' ' && !in_tag && breaks < lines && done * lines >= length * breaks && length - done >= 2 {
            laid_out.push('\n');
            breaks += 1;
        } else {
            laid_out.push(character);
        }
    }
    laid_out
}

/// Every piece of all cues in order, and how many belong to each cue.
pub fn split_all(format: Format, cues: &[Cue]) -> Vec<Vec<Piece>> {
    cues.iter().map(|cue| split(format, &cue.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> Vec<String> {
        split(Format::Srt, text).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn sentences_are_joined_and_speakers_are_not() {
        assert_eq!(round("We should have\ngone home."), ["We should have gone home."]);
        assert_eq!(round("- No.\n- Yes."), ["No.", "Yes."]);
        assert_eq!(round("{\\an8}<i>- Go <b>now</b>!</i>"), ["Go <b>now</b>!"]);
    }

    #[test]
    fn positions_dashes_and_line_counts_come_back() {
        let pieces = split(Format::Srt, "{\\an8}<i>We should have\ngone home.</i>");
        assert_eq!(
            join(&pieces, &["Tendríamos que haber ido a casa."]),
            "{\\an8}<i>Tendríamos que haber\nido a casa.</i>"
        );
        let pieces = split(Format::Srt, "- No.\n- Yes.");
        assert_eq!(join(&pieces, &["No.", "Sí."]), "- No.\n- Sí.");
    }

    #[test]
    fn what_has_no_words_is_not_sent() {
        for text in ["♪", "1999", "...", "<i>?!</i>", "- -"] {
            assert!(split(Format::Srt, text).iter().all(|piece| !piece.is_translatable), "{text}");
        }
    }

    #[test]
    fn every_formats_own_markup_comes_back_and_is_never_sent() {
        for (format, text, sent, back) in [
            (
                Format::Ass,
                "{\\an8\\pos(9,9)}Go {\\i1}now{note}, Anna\\NBrown.",
                "Go <x0/>now<x1/>, Anna Brown.",
                "{\\an8\\pos(9,9)}GO {\\i1}NOW{note}, ANNA\\NBROWN.",
            ),
            (
                Format::WebVtt,
                "<v Anna>Tea &amp; <i>cake</i>?</v>",
                "Tea & <x0/>cake<x1/>?",
                "<v Anna>TEA &amp; <i>CAKE</i>?</v>",
            ),
        ] {
            let pieces = split(format, text);
            assert_eq!(pieces[0].text, sent);
            // An engine shouts, but leaves tags alone.
            let shouted = sent.to_uppercase().replace("<X", "<x");
            assert_eq!(join(&pieces, &[&shouted]), back);
        }
    }

    #[test]
    fn drawings_and_karaoke_are_not_sent_and_stay_as_they_are() {
        for text in ["{\\p1}m 0 0 l 9 9{\\p0}", "{\\k20}Ka{\\k30}ra{\\kf10}oke"] {
            let pieces = split(Format::Ass, text);
            assert!(pieces.iter().all(|piece| !piece.is_translatable), "{pieces:?}");
            assert_eq!(join(&pieces, &["lost"]), text);
        }
    }
}
