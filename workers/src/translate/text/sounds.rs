//! Descriptions of sounds and speakers, for those who do not hear them: a text comes in, what is spoken goes out. Pure.

/// The text without `[door creaks]`, `(sighs)` and a leading `MAN:`; the same if there is nothing of it.
pub(super) fn without(text: &str) -> String {
    let mut spoken = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(['[', '(']) {
        let closing = if rest[at..].starts_with('[') { ']' } else { ')' };
        // A bracket that is not closed is a typing error.
        let Some(length) = rest[at..].find(closing) else { break };
        spoken.push_str(&rest[..at]);
        rest = &rest[at + length + 1..];
    }
    spoken.push_str(rest);
    let words = spoken.split_whitespace().collect::<Vec<_>>().join(" ");
    without_label(&words).to_owned()
}

/// `MAN:` and `MRS. BROWN:` in front, which only upper case tells from `He said:`.
fn without_label(text: &str) -> &str {
    let Some((label, rest)) = text.split_once(':') else { return text };
    if is_label(label) && rest.starts_with(' ') { rest.trim_start() } else { text }
}

/// Whether the words before a colon name a speaker.
pub(in crate::translate) fn is_label(words: &str) -> bool {
    words.chars().filter(|character| character.is_alphabetic()).count() >= 2
        && words.chars().all(|character| !character.is_lowercase() && !matches!(character, '!' | '?' | '<'))
        && words.split_whitespace().count() <= 3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_and_speakers_go_and_speech_stays() {
        for (text, spoken) in [
            ("[door creaks]", ""),
            ("(sighs) Not now.", "Not now."),
            ("MAN: Get down! [gunshot]", "Get down!"),
            ("He said: come home", "He said: come home"),
            ("It is 12:30 (or so", "It is 12:30 (or so"),
            ("NASA: 5", "5"),
        ] {
            assert_eq!(without(text), spoken, "{text}");
        }
    }
}
