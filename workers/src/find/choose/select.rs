//! Which candidate is taken, and why the others are not: candidates and the job's wishes come in, an order and a reason
//! for each rejected candidate go out.
//!
//! First what can never be taken, then `preference`'s criteria. Pure.

use std::cmp::Reverse;

use subtitle_contract::{
    job::{Candidate, Forced, HearingImpaired, MachineTranslated, SubtitleJobSpec},
    language::Language,
    text,
};

use super::{
    preference::{Preferences, Usable},
    score::{Score, Wanted},
};
use crate::find::found::{FoundSubtitle, VideoMatch};

/// The most candidates in a status.
const MOST_CANDIDATES: usize = 10;

/// Why a candidate cannot be taken, whatever its score.
fn rejection(found: &FoundSubtitle, language: &Language, spec: &SubtitleJobSpec, wanted: &Wanted) -> Option<String> {
    if found.language.is_undetermined() {
        return Some("does not say its language, and its text does not tell it for certain".to_owned());
    }
    if !language.accepts(&found.language) {
        return Some(format!("another language: {}", found.language));
    }
    if found.is_commentary {
        return Some("is a commentary on the video, not its dialogue".to_owned());
    }
    if let Err(unsupported) = &found.origin {
        return Some(unsupported.to_string());
    }
    match (spec.forced, found.forced) {
        (Forced::Exclude, true) => return Some("holds foreign-language parts only (forced)".to_owned()),
        (Forced::Only, false) => return Some("spec.forced asks for foreign-language parts only".to_owned()),
        _ => {}
    }
    match (spec.hearing_impaired, found.hearing_impaired) {
        (HearingImpaired::Require, false) => {
            return Some("spec.hearingImpaired requires described sounds".to_owned());
        }
        (HearingImpaired::Exclude, true) => return Some("spec.hearingImpaired excludes described sounds".to_owned()),
        _ => {}
    }
    let machines = spec.selection.machine_translated;
    if found.is_machine_translated && machines != MachineTranslated::Allow {
        return Some("is machine-translated, which spec.selection.machineTranslated excludes".to_owned());
    }
    let VideoMatch::Listed(listed) = &found.video_match else { return None };
    if listed.is_ai_translated && machines == MachineTranslated::ExcludeAll {
        return Some("is translated by a language model, which spec.selection.machineTranslated excludes".to_owned());
    }
    if listed.parts > 1 {
        return Some(format!("is in {} parts, for a video in as many files", listed.parts));
    }
    wanted.contradiction(listed)
}

/// The decision on all candidates.
#[derive(Debug)]
pub struct Choice {
    /// Indexes of those that can be taken, best first.
    pub order: Vec<usize>,
    /// Each candidate's score, in the order given.
    pub scores: Vec<Score>,
    /// The reason why it cannot be taken of each candidate, in the order given.
    pub rejections: Vec<Option<String>>,
    preferences: Preferences,
}

impl Choice {
    /// Whether the best is certainly for this video, so that no other source needs to be asked.
    pub fn is_certain(&self, found: &[(usize, FoundSubtitle)]) -> bool {
        self.order.first().is_some_and(|at| matches!(found[*at].1.video_match, VideoMatch::ThisVideo { .. }))
    }

    /// Why the best is preferred to the candidate `at`, which can be taken; `None` for the best.
    pub fn reason(&self, found: &[(usize, FoundSubtitle)], at: usize) -> Option<String> {
        let best = self.order.first().copied().filter(|best| *best != at)?;
        let usable = |at| usable(found, &self.scores, at);
        Some(self.preferences.reason(&usable(best), &usable(at)))
    }
}

fn usable<'a>(found: &'a [(usize, FoundSubtitle)], scores: &[Score], at: usize) -> Usable<'a> {
    let (rank, found) = &found[at];
    Usable { found, rank: *rank, percent: scores[at].percent() }
}

/// Orders `found` (with the rank of its source) for one language.
pub fn choose(found: &[(usize, FoundSubtitle)], language: &Language, spec: &SubtitleJobSpec) -> Choice {
    let wanted = Wanted::new(&spec.video);
    let minimum = spec.selection.minimum_score;
    let mut scores = Vec::with_capacity(found.len());
    let mut rejections = Vec::with_capacity(found.len());
    for (_, one) in found {
        let score = match &one.video_match {
            VideoMatch::ThisVideo { .. } => Score::certain(),
            VideoMatch::Listed(listed) => wanted.score(listed),
        };
        let rejection = rejection(one, language, spec, &wanted).or_else(|| {
            let percent = score.percent();
            (percent < minimum).then(|| {
                format!("scores {percent} ({}), below spec.selection.minimumScore {minimum}", score.explained())
            })
        });
        scores.push(score);
        rejections.push(rejection);
    }
    let mut order: Vec<usize> = (0..found.len()).filter(|at| rejections[*at].is_none()).collect();
    let described = matches!(spec.hearing_impaired, HearingImpaired::Prefer | HearingImpaired::Require);
    let preferences = Preferences { language: language.clone(), described };
    let usable = |at: &usize| usable(found, &scores, *at);
    order.sort_by(|one, other| preferences.compare(&usable(one), &usable(other)));
    Choice { order, scores, rejections, preferences }
}

/// The list a status shows: `taken` without a reason, then the losers with theirs. `bad` are those that were fetched
/// and turned out to be unusable.
pub fn candidates(
    found: &[(usize, FoundSubtitle)],
    choice: &Choice,
    taken: Option<usize>,
    bad: &[(usize, String)],
) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = (0..found.len())
        .map(|at| {
            let one = &found[at].1;
            let was_bad = bad.iter().find(|(index, _)| *index == at).map(|(_, reason)| reason);
            let rejection_reason = match (was_bad, &choice.rejections[at]) {
                _ if taken == Some(at) => None,
                (Some(reason), _) | (None, Some(reason)) => Some(text::sanitize(reason, 256)),
                (None, None) if taken.is_none() => Some("was not tried".to_owned()),
                (None, None) => Some("another one scored higher, or was preferred at the same score".to_owned()),
            };
            let refused = choice.rejections[at].is_some();
            let score = if refused { 0 } else { choice.scores[at].percent() };
            let parts = choice.scores[at].explained();
            let parts = if refused || parts.is_empty() { String::new() } else { format!(" ({parts})") };
            let from = format!("{}: {}", one.source, text::sanitize(&one.label, 160));
            Candidate { from: text::sanitize(&format!("{from}{parts}"), 256), score, rejection_reason }
        })
        .collect();
    candidates.sort_by_key(|candidate| (candidate.rejection_reason.is_some(), Reverse(candidate.score)));
    candidates.truncate(MOST_CANDIDATES);
    candidates
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use serde_json::json;

    use super::*;
    use crate::find::{Listed, Origin, SourceId};

    fn found(source: SourceId, tag: &str, forced: bool, hearing_impaired: bool) -> FoundSubtitle {
        FoundSubtitle {
            source,
            label: format!("{tag}.srt"),
            language: Language::parse(tag).expect("a tag"),
            forced,
            hearing_impaired,
            is_commentary: false,
            is_machine_translated: false,
            identity: String::new(),
            video_match: VideoMatch::ThisVideo { is_default: false },
            origin: Ok(Origin::Bytes(bytes::Bytes::new())),
        }
    }

    fn spec(more: &serde_json::Value) -> SubtitleJobSpec {
        let mut spec = json!({"video": {"title": "A"}, "language": "es"});
        spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        serde_json::from_value(spec).expect("a spec")
    }

    #[test]
    fn the_best_is_taken_and_each_loser_has_its_reason() {
        let language = Language::parse("es").expect("a tag");
        let all = [
            (0, found(SourceId::Embedded, "en", false, false)),
            (0, found(SourceId::Embedded, "es", true, false)),
            (1, found(SourceId::Library, "es-MX", false, false)),
            (1, found(SourceId::Library, "es", false, true)),
            (1, found(SourceId::Library, "es", false, false)),
        ];
        let choice = choose(&all, &language, &spec(&json!({})));
        assert_eq!(choice.order, [4, 3, 2], "the tag, then the kind");
        let reasons: Vec<Option<String>> =
            candidates(&all, &choice, Some(4), &[]).into_iter().map(|one| one.rejection_reason).collect();
        assert_eq!(reasons[0], None);
        assert!(reasons[1..].iter().all(Option::is_some));

        let exclude = spec(&json!({"hearingImpaired": "Exclude", "selection": {"minimumScore": 100}}));
        assert_eq!(choose(&all, &language, &exclude).order, [4, 2]);
        let only = spec(&json!({"forced": "Only"}));
        assert_eq!(choose(&all, &language, &only).order, [1]);
    }

    fn listed(title: &str, downloads: u64, hash: bool, is_episode: bool) -> FoundSubtitle {
        let release = crate::find::release::Release::read("The.Harbour.2024.1080p.WEB.x264-TIDE");
        let listed = Listed {
            title: Some(title.to_owned()),
            year: Some(2024),
            is_episode: Some(is_episode),
            is_hash_match: hash,
            release,
            downloads,
            parts: 1,
            ..Listed::default()
        };
        FoundSubtitle {
            video_match: VideoMatch::Listed(Box::new(listed)),
            ..found(SourceId::from_name("opensubtitles").expect("a source"), "es", false, false)
        }
    }

    #[test]
    fn a_hash_is_believed_only_when_the_identity_agrees() {
        let language = Language::parse("es").expect("a tag");
        let video = json!({"video": {"title": "The Harbour", "year": 2024}, "language": "es"});
        let spec: SubtitleJobSpec = serde_json::from_value(video).expect("a spec");
        let all = [
            (0, listed("Gull Patrol", 212_472, true, true)),
            (0, listed("The Harbour", 3, false, false)),
            (0, listed("Gull Harbour", 90_000, true, false)),
            (0, listed("Harbour, The".trim_end_matches(", The"), 1, true, false)),
        ];
        let choice = choose(&all, &language, &spec);
        assert_eq!(choice.order, [3, 1]);
        assert_eq!(choice.scores[3].percent(), 100);
        assert_eq!(choice.rejections[0].as_deref(), Some("is for an episode, not for a film"));
        assert_eq!(choice.rejections[2].as_deref(), Some("is for 'Gull Harbour'"));
        let shown = candidates(&all, &choice, Some(3), &[(1, "has no cue".to_owned())]);
        assert_eq!(shown[1].from, "opensubtitles: es.srt (title 60, year 20)");
        assert_eq!((shown[1].score, shown[1].rejection_reason.as_deref()), (80, Some("has no cue")));
    }

    #[test]
    fn ties_are_broken_one_after_the_other() {
        type Change = fn(&mut FoundSubtitle, &mut Listed);
        let language = Language::parse("es").expect("a tag");
        let video = json!({"video": {"title": "The Harbour", "year": 2024}, "language": "es"});
        let spec: SubtitleJobSpec = serde_json::from_value(video).expect("a spec");
        let with = |changes: &[Change]| {
            let mut found = listed("The Harbour", 10, false, false);
            let VideoMatch::Listed(mut claims) = found.video_match.clone() else { panic!("listed") };
            for change in changes {
                change(&mut found, &mut claims);
            }
            (0, FoundSubtitle { video_match: VideoMatch::Listed(claims), ..found })
        };
        // Each outweighs all that follow it.
        let worse: [Change; 8] = [
            |_, listed| listed.is_off_speed = true,
            |_, listed| listed.title = None,
            |_, listed| listed.is_ai_translated = true,
            |found, _| found.language = Language::parse("es-MX").expect("a tag"),
            |found, _| found.hearing_impaired = true,
            |_, listed| listed.is_trusted = false,
            |_, listed| listed.downloads = 9,
            |_, listed| listed.votes = 1,
        ];
        let trusted: Change = |_, listed| (listed.is_trusted, listed.votes) = (true, 2);
        let newer: Change = |_, listed| listed.uploaded = Some(Timestamp::UNIX_EPOCH);
        for (at, change) in worse.iter().enumerate() {
            let all_after: Vec<Change> = [trusted].into_iter().chain(worse[at + 1..].iter().copied()).collect();
            let (better, worse) = (with(&all_after), with(&[trusted, *change, newer]));
            assert_eq!(choose(&[worse.clone(), better.clone()], &language, &spec).order, [1, 0], "{at}");
            assert_eq!(choose(&[better, worse], &language, &spec).order, [0, 1], "{at}");
        }
        assert_eq!(choose(&[with(&[trusted]), with(&[trusted, newer])], &language, &spec).order, [1, 0]);
        let other_source = (1, with(&[trusted, newer]).1);
        assert_eq!(choose(&[other_source, with(&[trusted])], &language, &spec).order, [1, 0], "asked first");
    }

    #[test]
    fn a_video_of_two_episodes_needs_both_and_other_episodes_never_do() {
        let language = Language::parse("es").expect("a tag");
        let video = json!({"video": {"title": "Low Tide", "season": 7, "episodes": [10, 11]}, "language": "es"});
        let spec: SubtitleJobSpec = serde_json::from_value(video).expect("a spec");
        let episode = |season, episodes: &[u16]| {
            let mut found = listed("Low Tide", 0, true, true);
            if let VideoMatch::Listed(listed) = &mut found.video_match {
                (listed.season, listed.episodes) = (Some(season), episodes.to_vec());
            }
            (0, found)
        };
        let all = [episode(7, &[10]), episode(7, &[8]), episode(6, &[10, 11]), episode(7, &[10, 11])];
        assert_eq!(choose(&all, &language, &spec).order, [3]);
    }
}
