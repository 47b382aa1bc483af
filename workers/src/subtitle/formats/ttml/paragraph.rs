//! A `<p>` of TTML: pieces of text with their times and looks come in, cues' texts with SubRip's markup go out. Pure.

use super::styles::Look;
use crate::subtitle::Format;

/// When a piece is shown, in milliseconds.
pub(super) type Times = (Option<u64>, Option<u64>);

/// Text of one look and time.
struct Piece {
    times: Times,
    look: Look,
    text: String,
}

/// An open paragraph.
pub(super) struct Paragraph {
    /// The line of the file where it begins.
    pub(super) line: usize,
    pieces: Vec<Piece>,
}

impl Paragraph {
    pub(super) const fn new(line: usize) -> Self {
        Self { line, pieces: Vec::new() }
    }

    pub(super) fn text(&mut self, words: &str, times: Times, look: Look, is_preserved: bool) {
        let is_space = |character: char| character.is_ascii_whitespace();
        let words = if is_preserved {
            words.to_owned()
        } else {
            let mut collapsed = String::with_capacity(words.len());
            for character in words.chars() {
                if !is_space(character) {
                    collapsed.push(character);
                } else if !collapsed.ends_with(' ') {
                    collapsed.push(' ');
                }
            }
            collapsed
        };
        let last = self.pieces.last().map_or("", |piece| piece.text.as_str());
        let words = if last.is_empty() || last.ends_with([' ', '\n']) { words.trim_start_matches(' ') } else { &words };
        match self.pieces.last_mut() {
            Some(piece) if piece.times == times && piece.look == look => piece.text.push_str(words),
            _ if words.is_empty() => {}
            _ => self.pieces.push(Piece { times, look, text: words.to_owned() }),
        }
    }

    pub(super) fn line_break(&mut self) {
        if let Some(piece) = self.pieces.last_mut() {
            piece.text.push('\n');
        }
    }

    /// The texts, one for each run of pieces with the same times.
    pub(super) fn cues(self) -> Vec<(Times, String)> {
        let mut cues: Vec<(Times, String)> = Vec::new();
        for Piece { times, look, text } in self.pieces {
            if text.trim().is_empty() {
                // What is between two timed words belongs to the one in front.
                if let Some((_, written)) = cues.last_mut() {
                    written.push_str(&text);
                }
                continue;
            }
            let encoded = Format::Srt.encoded(&text).0.into_owned();
            let styled = [(look.is_italic, 'i'), (look.is_bold, 'b'), (look.is_underlined, 'u')]
                .into_iter()
                .filter(|(is_on, _)| *is_on)
                .fold(encoded, |text, (_, name)| format!("<{name}>{text}</{name}>"));
            match cues.last_mut() {
                Some((last, written)) if *last == times => written.push_str(&styled),
                _ => cues.push((times, if look.is_at_top { format!("{{\\an8}}{styled}") } else { styled })),
            }
        }
        cues
    }
}
