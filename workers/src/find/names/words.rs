//! The words of a name. Pure.

use unicode_normalization::UnicodeNormalization as _;

/// A name as names are compared: composed and in lower case. macOS decomposes file names, and case differs by system.
pub(super) fn folded(name: &str) -> String {
    name.nfc().collect::<String>().to_lowercase()
}

/// The words of a folded name: runs of letters and digits.
pub(super) fn words(folded: &str) -> Vec<&str> {
    folded.split(|character: char| !character.is_alphanumeric()).filter(|word| !word.is_empty()).collect()
}
