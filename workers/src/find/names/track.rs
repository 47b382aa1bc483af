//! What a track's name says beside its flags and its language tag. Pure.

use subtitle_contract::language::Language;

use super::{
    kind::Kind,
    variant,
    words::{folded, words},
};

/// A track's name.
#[derive(Clone, Debug)]
pub(in crate::find) struct TrackName {
    folded: String,
    pub(in crate::find) forced: bool,
    pub(in crate::find) hearing_impaired: bool,
    pub(in crate::find) is_commentary: bool,
}

impl TrackName {
    /// Reads a name, which may be empty.
    pub(in crate::find) fn read(name: &str) -> Self {
        let folded = folded(name);
        let Kind { forced, hearing_impaired, is_commentary } = Kind::read(&words(&folded));
        Self { folded, forced, hearing_impaired, is_commentary }
    }

    /// The language that tag and name together say: a name adds the variant that a tag lacks, or the language where the tag
    /// says none.
    pub(in crate::find) fn refined(&self, tag: Language) -> Language {
        let words = words(&self.folded);
        if tag.is_undetermined() {
            return variant::named(&words).unwrap_or(tag);
        }
        if tag.as_str() == tag.primary() { variant::variant(tag.primary(), &words).unwrap_or(tag) } else { tag }
    }
}
