//! The characters of a time line as keyboards, office programs and translators write them: a line comes in, ASCII with
//! the byte offset of each character goes out. Pure.

/// What every arrow sign of Unicode becomes.
pub(super) const ARROW: char = '→';

/// The first digit of each script whose digits are used in subtitles; the other nine follow it.
const ZEROS: [char; 17] = ['٠', '۰', '०', '০', '੦', '૦', '୦', '௦', '౦', '೦', '൦', '๐', '໐', '༠', '၀', '០', '０'];

/// The digit that a character is, in any script.
pub(super) fn digit(character: char) -> Option<u8> {
    if character.is_ascii() {
        return u8::try_from(character).ok().filter(u8::is_ascii_digit).map(|byte| byte - b'0');
    }
    let value = |zero: &char| u32::from(character).checked_sub(u32::from(*zero)).filter(|value| *value < 10);
    ZEROS.iter().find_map(value).and_then(|value| u8::try_from(value).ok())
}

/// Whether a character takes no room on the screen. The word joiner is not among them: it is what this program
/// itself puts into a text that must not be read as a time.
pub(super) const fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{AD}' | '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
}

/// The ASCII character (or [`ARROW`]) that another one stands for.
fn plain(character: char) -> char {
    match character {
        '’' | '‘' | '′' | '´' | '＇' | '`' => '\'',
        _ if character.is_ascii_graphic() => character,
        '：' | '﹕' | '∶' | 'ː' | '꞉' => ':',
        '，' | '﹐' | '‚' | '،' | '٫' | '、' => ',',
        '．' | '。' | '․' => '.',
        '；' | '؛' => ';',
        '\u{2010}'..='\u{2015}' | '−' | '－' | '﹣' | '─' | '━' => '-',
        '＞' | '›' | '»' | '〉' | '⟩' => '>',
        '～' | '〜' => '~',
        '\u{2190}'..='\u{21FF}'
        | '\u{2794}'..='\u{27BE}'
        | '\u{27F0}'..='\u{27FF}'
        | '\u{2900}'..='\u{297F}'
        | '\u{2B00}'..='\u{2B4F}' => ARROW,
        _ if character.is_whitespace() => ' ',
        _ => match digit(character) {
            Some(value) => char::from(b'0' + value),
            None => character,
        },
    }
}

/// Characters with the place of the first byte of each in the line.
pub(super) fn clean(line: &str) -> Vec<(char, usize)> {
    let mut cleaned = Vec::with_capacity(line.len());
    let mut at = 0;
    while let Some(character) = line[at..].chars().next() {
        let (meant, length) = match character {
            '&' => entity(&line[at..]).unwrap_or(('&', 1)),
            _ => (character, character.len_utf8()),
        };
        if !is_invisible(meant) {
            cleaned.push((plain(meant), at));
        }
        at += length;
    }
    cleaned
}

/// The character that `&gt;` and its like at the start of a text stand for, and their length.
fn entity(text: &str) -> Option<(char, usize)> {
    let end = text.bytes().take(12).position(|byte| byte == b';')? + 1;
    let meant = htmlize::unescape(&text[..end]);
    let mut characters = meant.chars();
    let first = characters.next()?;
    (characters.next().is_none()).then_some((first, end))
}

/// Whether a line has a digit of any script.
pub(super) fn has_digit(line: &str) -> bool {
    line.bytes().any(|byte| byte.is_ascii_digit())
        || (!line.is_ascii() && line.chars().any(|character| digit(character).is_some()))
}
