//! UTF-8 with damage: stray bytes, a cut-off end, or lines in another charset, as when files were joined. Bytes come in,
//! text with U+FFFD for what cannot be known goes out. Pure.

use encoding_rs::Encoding;

use super::{code_page::CodePages, detected};

/// A text of damaged UTF-8.
pub(super) struct Mixed {
    pub(super) text: String,
    /// How many times bytes became U+FFFD.
    pub(super) replaced: usize,
    /// How many lines were in another charset.
    pub(super) other_lines: usize,
}

/// How UTF-8 a piece of a file is.
#[derive(Clone, Copy, Default)]
struct Census {
    /// Characters of more than one byte.
    sound: usize,
    /// Invalid sequences.
    bad: usize,
}

impl Census {
    fn new(bytes: &[u8], leads: &mut [bool; 256]) -> Self {
        let mut census = Self::default();
        for chunk in bytes.utf8_chunks() {
            for byte in chunk.valid().bytes().filter(|byte| *byte >= 0xC2) {
                leads[usize::from(byte)] = true;
                census.sound += 1;
            }
            census.bad += usize::from(!chunk.invalid().is_empty());
        }
        census
    }
}

/// Decodes bytes that are not UTF-8 but mostly look like it; with `is_sure`, they are known to be.
pub(super) fn decode(bytes: &[u8], pages: Option<&CodePages>, is_sure: bool) -> Option<Mixed> {
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let mut leads = [false; 256];
    let censuses: Vec<Census> = lines.iter().map(|line| Census::new(line, &mut leads)).collect();
    let total = censuses
        .iter()
        .fold(Census::default(), |total, line| Census { sound: total.sound + line.sound, bad: total.bad + line.bad });
    let sound_lines = censuses.iter().filter(|line| line.bad == 0 && line.sound > 0).count();
    let bad_lines = censuses.iter().filter(|line| line.bad > 0).count();
    // By chance, a text in a code page of Asia has some sequences that are sound, but few whole lines of them.
    let is_mostly_sound = total.sound > total.bad * 2;
    let is_single_byte = pages.is_some_and(|pages| pages.encodings.iter().all(|encoding| encoding.is_single_byte()));
    let is_by_line =
        sound_lines > 0 && sound_lines * 2 >= bad_lines && (is_single_byte || total.sound * 3 >= total.bad);
    if !(is_sure || is_mostly_sound || is_by_line) {
        return None;
    }
    // By chance, a letter and a sign behind it may look like one character.
    let is_foreign = |at: usize| {
        let is_cut = at + 1 == lines.len() && ends_inside_character(lines[at]);
        let is_mostly_bad = censuses[at].bad > censuses[at].sound * 2;
        is_mostly_bad && !is_cut && !is_broken_off(lines[at], &leads, pages) && !is_split(lines[at])
    };
    let foreign: Vec<bool> = (0..lines.len()).map(is_foreign).collect();
    let together: Vec<u8> =
        lines.iter().zip(&foreign).filter(|(_, is)| **is).flat_map(|(line, _)| *line).copied().collect();
    let encoding = if together.is_empty() { None } else { encoding(&together, pages) };
    let mut mixed = Mixed { text: String::with_capacity(bytes.len() + 8), replaced: 0, other_lines: 0 };
    for (line, is_foreign) in lines.iter().zip(foreign) {
        if let Some(encoding) = encoding.filter(|_| is_foreign) {
            let (text, is_malformed) = encoding.decode_without_bom_handling(line);
            if !is_malformed {
                mixed.text.push_str(&text);
                mixed.other_lines += 1;
                continue;
            }
        }
        for chunk in line.utf8_chunks() {
            mixed.text.push_str(chunk.valid());
            if !chunk.invalid().is_empty() {
                mixed.text.push(char::REPLACEMENT_CHARACTER);
                mixed.replaced += 1;
            }
        }
    }
    Some(mixed)
}

/// The charset of the lines that are not UTF-8.
fn encoding(bytes: &[u8], pages: Option<&CodePages>) -> Option<&'static Encoding> {
    let found = pages.and_then(|pages| pages.best(bytes)).or_else(|| detected::detect(bytes));
    found.map(|(_, encoding)| encoding)
}

/// Whether the only damage is a last character that is not whole.
fn ends_inside_character(line: &[u8]) -> bool {
    std::str::from_utf8(line).is_err_and(|error| error.error_len().is_none())
}

/// Whether all the damage is one stray byte inside a character: without it, the line is sound.
fn is_split(line: &[u8]) -> bool {
    let Err(error) = std::str::from_utf8(line) else { return false };
    let first = error.valid_up_to();
    (first + 1..line.len().min(first + LONGEST)).any(|stray| {
        let rest = [&line[..stray], &line[stray + 1..]].concat();
        std::str::from_utf8(&rest).is_ok_and(|rest| !rest.is_char_boundary(stray))
    })
}

/// Bytes of the longest character.
const LONGEST: usize = 4;

/// Whether every bad byte of a line is one that begins characters elsewhere in the file, so that the rest of the
/// character is missing here, and no letter of the language in its code page.
fn is_broken_off(line: &[u8], leads: &[bool; 256], pages: Option<&CodePages>) -> bool {
    let is_letter = |byte: u8| {
        pages.is_some_and(|pages| {
            let encoding = pages.encodings.first();
            let letter = encoding.map(|encoding| encoding.decode_without_bom_handling(&[byte]).0.to_lowercase());
            letter.is_some_and(|letter| !pages.letters.is_empty() && pages.letters.contains(&letter))
        })
    };
    line.utf8_chunks().flat_map(|chunk| chunk.invalid()).all(|byte| leads[usize::from(*byte)] && !is_letter(*byte))
}
