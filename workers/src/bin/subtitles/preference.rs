//! Why one usable candidate is preferred to another: the two come in, the first criterion on which they differ goes out, in
//! the order of [`choose`](subtitle_workers::find::choose::select::choose). Pure.

use subtitle_contract::language::Language;
use subtitle_workers::find::{FoundSubtitle, Listed, VideoMatch};

/// A usable candidate.
pub(crate) struct Usable<'a> {
    pub(crate) found: &'a FoundSubtitle,
    /// How early its source is asked.
    pub(crate) rank: usize,
    /// Its score, in percent.
    pub(crate) percent: u8,
}

impl Usable<'_> {
    fn listed(&self) -> Option<&Listed> {
        match &self.found.video_match {
            VideoMatch::Listed(listed) => Some(listed),
            VideoMatch::ThisVideo { .. } => None,
        }
    }

    fn is(&self, fact: impl Fn(&Listed) -> bool) -> bool {
        self.listed().is_some_and(fact)
    }

    fn number(&self, fact: impl Fn(&Listed) -> u64) -> u64 {
        self.listed().map_or(0, fact)
    }

    fn is_default(&self) -> bool {
        matches!(self.found.video_match, VideoMatch::ThisVideo { is_default: true })
    }

    fn is_machines(&self) -> bool {
        self.found.is_machine_translated || self.is(|listed| listed.is_ai_translated)
    }
}

/// Why `best` is preferred to `other` for `language`.
pub(crate) fn reason(best: &Usable<'_>, other: &Usable<'_>, language: &Language) -> String {
    let (downloads, other_downloads) =
        (best.number(|listed| listed.downloads), other.number(|listed| listed.downloads));
    let (votes, other_votes) = (best.number(|listed| listed.votes), other.number(|listed| listed.votes));
    let is_off_speed = |usable: &Usable<'_>| usable.is(|listed| listed.is_off_speed);
    let is_trusted = |usable: &Usable<'_>| usable.is(|listed| listed.is_trusted);
    let is_exact = |usable: &Usable<'_>| usable.found.language == *language;
    let uploaded = |usable: &Usable<'_>| usable.listed().and_then(|listed| listed.uploaded);
    if is_off_speed(best) != is_off_speed(other) {
        "was made for a copy that runs at another speed".to_owned()
    } else if best.percent != other.percent {
        format!("scores less than the best, {} to {}", other.percent, best.percent)
    } else if best.is_machines() != other.is_machines() {
        "is machine-translated; the best is not".to_owned()
    } else if is_exact(best) != is_exact(other) {
        format!("is in '{}'; the best is in '{language}' itself", other.found.language)
    } else if best.found.hearing_impaired != other.found.hearing_impaired {
        let has = if other.found.hearing_impaired { "describes" } else { "does not describe" };
        format!("{has} sounds; the best is of the kind that is preferred")
    } else if is_trusted(best) != is_trusted(other) {
        "is not by a trusted uploader; the best is".to_owned()
    } else if best.rank != other.rank {
        format!("its source '{}' comes after '{}'", other.found.source, best.found.source)
    } else if best.is_default() != other.is_default() {
        "is not the track that players show by default; the best is".to_owned()
    } else if downloads != other_downloads {
        format!("was downloaded {other_downloads} times; the best {downloads} times")
    } else if votes != other_votes {
        format!("has {other_votes} votes; the best {votes}")
    } else if uploaded(best) != uploaded(other) {
        "was uploaded earlier than the best".to_owned()
    } else {
        "is as good as the best, and was listed after it".to_owned()
    }
}
