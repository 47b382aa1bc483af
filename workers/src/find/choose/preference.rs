//! Which of two candidates that can be taken is preferred, and why: one criterion after the other, and the first that tells them
//! apart decides. Pure.

use std::cmp::{Ordering, Reverse};

use subtitle_contract::language::Language;

use crate::find::found::{FoundSubtitle, Listed, VideoMatch};

/// A candidate that can be taken.
#[derive(Clone, Copy, Debug)]
pub(super) struct Usable<'a> {
    pub(super) found: &'a FoundSubtitle,
    /// How early its source is asked.
    pub(super) rank: usize,
    /// Its score, in percent.
    pub(super) percent: u8,
}

impl<'a> Usable<'a> {
    /// What a provider says of it; `None` for what is inside or beside the video.
    fn listed(&self) -> Option<&'a Listed> {
        match &self.found.video_match {
            VideoMatch::Listed(listed) => Some(listed),
            VideoMatch::ThisVideo { .. } => None,
        }
    }

    fn is(&self, fact: impl Fn(&Listed) -> bool) -> bool {
        self.listed().is_some_and(fact)
    }

    fn downloads(&self) -> u64 {
        self.listed().map_or(0, |listed| listed.downloads)
    }

    fn votes(&self) -> u64 {
        self.listed().map_or(0, |listed| listed.votes)
    }

    fn is_default(&self) -> bool {
        matches!(self.found.video_match, VideoMatch::ThisVideo { is_default: true })
    }

    fn is_machine_translated(&self) -> bool {
        self.found.is_machine_translated || self.is(|listed| listed.is_ai_translated)
    }
}

#[derive(Clone, Copy, Debug)]
enum Criterion {
    /// Made for a copy that runs at the video's speed.
    Speed,
    Score,
    /// People's work before a machine's.
    Translator,
    /// The very tag before a related one.
    Language,
    /// Descriptions of sounds, as the job prefers.
    Sounds,
    TrustedUploader,
    /// The source that is asked first.
    Source,
    /// The track that players show by default.
    DefaultTrack,
    Downloads,
    Votes,
    /// The newest.
    Uploaded,
}

const IN_ORDER: [Criterion; 11] = [
    Criterion::Speed,
    Criterion::Score,
    Criterion::Translator,
    Criterion::Language,
    Criterion::Sounds,
    Criterion::TrustedUploader,
    Criterion::Source,
    Criterion::DefaultTrack,
    Criterion::Downloads,
    Criterion::Votes,
    Criterion::Uploaded,
];

/// What a job prefers.
#[derive(Clone, Debug)]
pub(super) struct Preferences {
    pub(super) language: Language,
    /// Whether descriptions of sounds are preferred to dialogue alone.
    pub(super) described: bool,
}

impl Preferences {
    /// `Less` if `one` is preferred to `other`; `Equal` if nothing tells them apart.
    pub(super) fn compare(&self, one: &Usable<'_>, other: &Usable<'_>) -> Ordering {
        IN_ORDER
            .iter()
            .map(|criterion| self.by(*criterion, one, other))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// Why `best` is preferred to `other`.
    pub(super) fn reason(&self, best: &Usable<'_>, other: &Usable<'_>) -> String {
        let decides = |criterion: &&Criterion| self.by(**criterion, best, other).is_ne();
        match IN_ORDER.iter().find(decides) {
            Some(criterion) => self.explained(*criterion, best, other),
            None => "is as good as the best, and was listed after it".to_owned(),
        }
    }

    fn by(&self, criterion: Criterion, one: &Usable<'_>, other: &Usable<'_>) -> Ordering {
        fn compare<'a, T: Ord>(key: impl Fn(&Usable<'a>) -> T, one: &Usable<'a>, other: &Usable<'a>) -> Ordering {
            key(one).cmp(&key(other))
        }
        match criterion {
            Criterion::Speed => compare(|one| one.is(|listed| listed.is_off_speed), one, other),
            Criterion::Score => compare(|one| Reverse(one.percent), one, other),
            Criterion::Translator => compare(Usable::is_machine_translated, one, other),
            Criterion::Language => compare(|one| one.found.language != self.language, one, other),
            Criterion::Sounds => compare(|one| one.found.hearing_impaired != self.described, one, other),
            Criterion::TrustedUploader => compare(|one| !one.is(|listed| listed.is_trusted), one, other),
            Criterion::Source => compare(|one| one.rank, one, other),
            Criterion::DefaultTrack => compare(|one| !one.is_default(), one, other),
            Criterion::Downloads => compare(|one| Reverse(one.downloads()), one, other),
            Criterion::Votes => compare(|one| Reverse(one.votes()), one, other),
            Criterion::Uploaded => compare(|one| Reverse(one.listed().and_then(|listed| listed.uploaded)), one, other),
        }
    }

    fn explained(&self, criterion: Criterion, best: &Usable<'_>, other: &Usable<'_>) -> String {
        match criterion {
            Criterion::Speed => "was made for a copy that runs at another speed".to_owned(),
            Criterion::Score => format!("scores less than the best, {} to {}", other.percent, best.percent),
            Criterion::Translator => "is machine-translated; the best is not".to_owned(),
            Criterion::Language => {
                format!("is in '{}'; the best is in '{}' itself", other.found.language, self.language)
            }
            Criterion::Sounds => {
                let has = if other.found.hearing_impaired { "describes" } else { "does not describe" };
                format!("{has} sounds; the best is of the kind that is preferred")
            }
            Criterion::TrustedUploader => "is not by a trusted uploader; the best is".to_owned(),
            Criterion::Source => format!("its source '{}' comes after '{}'", other.found.source, best.found.source),
            Criterion::DefaultTrack => "is not the track that players show by default; the best is".to_owned(),
            Criterion::Downloads => {
                format!("was downloaded {} times; the best {} times", other.downloads(), best.downloads())
            }
            Criterion::Votes => format!("has {} votes; the best {}", other.votes(), best.votes()),
            Criterion::Uploaded => "was uploaded earlier than the best".to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::find::{SourceId, UnsupportedTrack};

    fn found(change: impl FnOnce(&mut FoundSubtitle, &mut Listed)) -> FoundSubtitle {
        let mut found = FoundSubtitle {
            source: SourceId::Library,
            label: "a".to_owned(),
            language: Language::parse("es").expect("a tag"),
            forced: false,
            is_commentary: false,
            hearing_impaired: false,
            is_machine_translated: false,
            identity: String::new(),
            video_match: VideoMatch::ThisVideo { is_default: false },
            origin: Err(UnsupportedTrack::Images("dvb".to_owned())),
        };
        let mut listed = Listed::default();
        change(&mut found, &mut listed);
        if matches!(found.video_match, VideoMatch::ThisVideo { is_default: false }) {
            found.video_match = VideoMatch::Listed(Box::new(listed));
        }
        found
    }

    #[test]
    fn each_criterion_decides_between_candidates_that_nothing_before_it_tells_apart_and_is_the_reason() {
        let preferences = Preferences { language: Language::parse("es").expect("a tag"), described: true };
        let newest = "2026-01-31T20:15:00Z".parse().expect("a time");
        let better: [(FoundSubtitle, &str); 7] = [
            (found(|_, listed| listed.is_trusted = true), "is not by a trusted uploader; the best is"),
            (
                found(|found, _| found.hearing_impaired = true),
                "does not describe sounds; the best is of the kind that is preferred",
            ),
            (
                found(|found, _| found.video_match = VideoMatch::ThisVideo { is_default: true }),
                "is not the track that players show by default; the best is",
            ),
            (found(|_, listed| listed.downloads = 7), "was downloaded 0 times; the best 7 times"),
            (found(|_, listed| listed.votes = 3), "has 0 votes; the best 3"),
            (found(|_, listed| listed.uploaded = Some(newest)), "was uploaded earlier than the best"),
            (found(|_, _| ()), "is as good as the best, and was listed after it"),
        ];
        let plain = found(|_, _| ());
        let usable = |found, rank, percent| Usable { found, rank, percent };
        for (best, reason) in &better {
            let (best, other) = (usable(best, 0, 50), usable(&plain, 0, 50));
            assert_eq!(preferences.reason(&best, &other), *reason);
            assert_eq!(preferences.compare(&best, &other).is_lt(), !reason.starts_with("is as good"), "{reason}");
            assert_eq!(preferences.compare(&other, &best), preferences.compare(&best, &other).reverse(), "{reason}");
        }
        let worse: [(FoundSubtitle, &str); 4] = [
            (found(|_, listed| listed.is_off_speed = true), "was made for a copy that runs at another speed"),
            (found(|found, _| found.is_machine_translated = true), "is machine-translated; the best is not"),
            (found(|_, listed| listed.is_ai_translated = true), "is machine-translated; the best is not"),
            (
                found(|found, _| found.language = Language::parse("es-MX").expect("a tag")),
                "is in 'es-MX'; the best is in 'es' itself",
            ),
        ];
        for (other, reason) in &worse {
            let (best, other) = (usable(&plain, 0, 50), usable(other, 0, 50));
            assert_eq!(preferences.reason(&best, &other), *reason);
            assert_eq!(preferences.compare(&best, &other), Ordering::Less, "{reason}");
        }
        let (best, other) = (usable(&plain, 1, 60), usable(&plain, 0, 50));
        assert_eq!(preferences.reason(&best, &other), "scores less than the best, 50 to 60");
        assert_eq!(preferences.compare(&best, &other), Ordering::Less, "a score comes before the source");
    }
}
