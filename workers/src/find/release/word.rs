//! The words of a name. Pure.

/// A part of a name between separators.
#[derive(Clone, Copy, Debug)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) lower: &'a str,
    /// What separates it from the word before, such as `-` or ` [`.
    pub(super) gap: &'a str,
}

/// The words of `stem`; `lower` is the same in lower case, with the same offsets.
pub(super) fn words<'a>(stem: &'a str, lower: &'a str) -> Vec<Word<'a>> {
    let mut words = Vec::new();
    let (mut gap_from, mut from) = (0, None);
    let ends = stem.char_indices().chain([(stem.len(), ' ')]);
    for (at, character) in ends {
        let belongs = character.is_alphanumeric() || (matches!(character, '\'' | '’' | '&') && at < stem.len());
        match (belongs, from) {
            (true, None) => from = Some(at),
            (false, Some(start)) => {
                words.push(Word { text: &stem[start..at], lower: &lower[start..at], gap: &stem[gap_from..start] });
                (from, gap_from) = (None, at);
            }
            _ => {}
        }
    }
    words
}
