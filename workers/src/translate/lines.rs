//! From cues to the pieces an engine gets, and back. Each spoken part of a cue is one piece, so that no engine
//! can move words across cues; position tags stay outside. Pure.

use crate::subtitle::{
    Cue,
    markup::{pieces, plain},
};

/// One piece of text for the engine, and how it goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What the engine gets: one line, inner tags kept.
    pub text: String,
    /// Tags and dashes before it.
    prefix: String,
    /// Tags after it.
    suffix: String,
    /// Over how many lines it is laid out.
    lines: usize,
    /// Whether there are words in it.
    pub is_translatable: bool,
}

/// The pieces of one cue: a dialogue of dashes has one per speaker, everything else is one.
pub fn split(text: &str) -> Vec<Piece> {
    let lines: Vec<&str> = text.lines().collect();
    let speaks = |line: &&str| plain(line).trim_start().starts_with(['-', '–', '—']);
    if lines.len() > 1 && lines.iter().all(speaks) {
        lines.into_iter().map(|line| piece(line, 1)).collect()
    } else {
        vec![piece(&lines.join(" "), lines.len().max(1))]
    }
}

fn piece(text: &str, lines: usize) -> Piece {
    let parts = pieces(text);
    let leads = |(is_tag, part): &(bool, &str)| *is_tag || part.trim_matches([' ', '-', '–', '—', '♪']).is_empty();
    let first = parts.iter().take_while(|part| leads(part)).count();
    let last = parts[first..].iter().rev().take_while(|(is_tag, part)| *is_tag || part.trim().is_empty()).count();
    let join = |parts: &[(bool, &str)]| parts.iter().map(|(_, part)| *part).collect::<String>();
    let (mut prefix, middle, suffix) =
        (join(&parts[..first]), join(&parts[first..parts.len() - last]), join(&parts[parts.len() - last..]));
    let spoken = middle.trim_start_matches([' ', '-', '–', '—', '♪']);
    prefix.push_str(&middle[..middle.len() - spoken.len()]);
    let is_translatable = plain(spoken).chars().any(char::is_alphabetic);
    Piece { text: spoken.to_owned(), prefix, suffix, lines, is_translatable }
}

/// The cue's text from its pieces and their translations.
pub fn join(pieces: &[Piece], translations: &[&str]) -> String {
    let texts = pieces
        .iter()
        .zip(translations)
        .map(|(piece, text)| format!("{}{}{}", piece.prefix, lay_out(text.trim(), piece.lines), piece.suffix));
    texts.collect::<Vec<_>>().join("\n")
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
pub fn split_all(cues: &[Cue]) -> Vec<Vec<Piece>> {
    cues.iter().map(|cue| split(&cue.text)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round(text: &str) -> Vec<String> {
        split(text).into_iter().map(|piece| piece.text).collect()
    }

    #[test]
    fn sentences_are_joined_and_speakers_are_not() {
        assert_eq!(round("We should have\ngone home."), ["We should have gone home."]);
        assert_eq!(round("- No.\n- Yes."), ["No.", "Yes."]);
        assert_eq!(round("{\\an8}<i>- Go <b>now</b>!</i>"), ["Go <b>now</b>!"]);
    }

    #[test]
    fn positions_dashes_and_line_counts_come_back() {
        let pieces = split("{\\an8}<i>We should have\ngone home.</i>");
        assert_eq!(
            join(&pieces, &["Tendríamos que haber ido a casa."]),
            "{\\an8}<i>Tendríamos que haber\nido a casa.</i>"
        );
        let pieces = split("- No.\n- Yes.");
        assert_eq!(join(&pieces, &["No.", "Sí."]), "- No.\n- Sí.");
    }

    #[test]
    fn what_has_no_words_is_not_sent() {
        for text in ["♪", "1999", "...", "<i>?!</i>", "- -"] {
            assert!(split(text).iter().all(|piece| !piece.is_translatable), "{text}");
        }
    }
}
