//! Which candidate is taken, and why the others are not: candidates and the question come in, an order and a
//! reason for each loser go out. Pure.

use subtitle_core::{
    job::{Candidate, Forced, HearingImpaired, SubtitleJobSpec},
    language::Language,
    text,
};

use super::Found;

/// How many candidates a status keeps.
const KEPT: usize = 10;

/// Why it cannot be taken, whatever its score.
fn refusal(found: &Found, language: &Language, spec: &SubtitleJobSpec) -> Option<String> {
    if !language.accepts(&found.language) {
        return Some(format!("another language: {}", found.language));
    }
    if let Err(reason) = &found.origin {
        return Some(reason.clone());
    }
    match (spec.forced, found.forced) {
        (Forced::Exclude, true) => return Some("holds foreign-language parts only (forced)".to_owned()),
        (Forced::Only, false) => return Some("spec.forced asks for foreign-language parts only".to_owned()),
        _ => {}
    }
    match (spec.hearing_impaired, found.hearing_impaired) {
        (HearingImpaired::Require, false) => Some("spec.hearingImpaired requires described sounds".to_owned()),
        (HearingImpaired::Exclude, true) => Some("spec.hearingImpaired excludes described sounds".to_owned()),
        _ => None,
    }
}

/// 0 to 100: 80 for the very tag (60 for the bare language), 10 for the wished kind, 10 less one for each source
/// asked before.
fn score(found: &Found, rank: usize, language: &Language, spec: &SubtitleJobSpec) -> u8 {
    let tag = if *language == found.language { 80 } else { 60 };
    let prefers = matches!(spec.hearing_impaired, HearingImpaired::Prefer | HearingImpaired::Require);
    let kind = if prefers == found.hearing_impaired { 10 } else { 0 };
    tag + kind + 10_u8.saturating_sub(u8::try_from(rank).unwrap_or(10))
}

/// What was decided on all candidates.
#[derive(Debug)]
pub struct Choice {
    /// Indexes of those that can be taken, best first.
    pub order: Vec<usize>,
    /// Each candidate's score, in the order given; 0 where it was refused.
    pub scores: Vec<u8>,
    /// Each one's refusal, in the order given.
    pub refusals: Vec<Option<String>>,
}

/// Orders `found` (with the rank of its source) for one language.
pub fn choose(found: &[(usize, Found)], language: &Language, spec: &SubtitleJobSpec) -> Choice {
    let mut refusals: Vec<Option<String>> = found.iter().map(|(_, one)| refusal(one, language, spec)).collect();
    let scores: Vec<u8> = found.iter().map(|(rank, one)| score(one, *rank, language, spec)).collect();
    for (refusal, score) in refusals.iter_mut().zip(&scores) {
        if refusal.is_none() && *score < spec.selection.minimum_score {
            *refusal =
                Some(format!("scores {score}, below spec.selection.minimumScore {}", spec.selection.minimum_score));
        }
    }
    let mut order: Vec<usize> = (0..found.len()).filter(|at| refusals[*at].is_none()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(scores[*at]), *at));
    order.truncate(usize::from(spec.selection.max_downloads));
    Choice { order, scores, refusals }
}

/// The list a status shows: `taken` without a reason, then the losers with theirs.
pub fn candidates(found: &[(usize, Found)], choice: &Choice, taken: Option<usize>) -> Vec<Candidate> {
    let mut candidates: Vec<Candidate> = (0..found.len())
        .map(|at| {
            let one = &found[at].1;
            let lost = match &choice.refusals[at] {
                _ if taken == Some(at) => None,
                Some(reason) => Some(text::clean(reason, 256)),
                None => Some("another one scored higher".to_owned()),
            };
            let score = if choice.refusals[at].is_some() { 0 } else { choice.scores[at] };
            Candidate { from: text::clean(&format!("{}: {}", one.source, one.label), 256), score, lost }
        })
        .collect();
    candidates.sort_by_key(|candidate| (candidate.lost.is_some(), std::cmp::Reverse(candidate.score)));
    candidates.truncate(KEPT);
    candidates
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::find::Origin;

    fn found(source: &'static str, tag: &str, forced: bool, hearing_impaired: bool) -> Found {
        Found {
            source,
            label: format!("{tag}.srt"),
            language: Language::parse(tag).expect("a tag"),
            forced,
            hearing_impaired,
            identity: String::new(),
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
            (0, found("embedded", "en", false, false)),
            (0, found("embedded", "es", true, false)),
            (1, found("library", "es-MX", false, false)),
            (1, found("library", "es", false, true)),
            (1, found("library", "es", false, false)),
        ];
        let choice = choose(&all, &language, &spec(&json!({})));
        assert_eq!(choice.order, [4, 3, 2]);
        let lost: Vec<Option<String>> = candidates(&all, &choice, Some(4)).into_iter().map(|one| one.lost).collect();
        assert_eq!(lost[0], None);
        assert!(lost[1..].iter().all(Option::is_some));

        let exclude = spec(&json!({"hearingImpaired": "Exclude", "selection": {"minimumScore": 95}}));
        assert_eq!(choose(&all, &language, &exclude).order, [4]);
        let only = spec(&json!({"forced": "Only"}));
        assert_eq!(choose(&all, &language, &only).order, [1]);
        let one = spec(&json!({"selection": {"maxDownloads": 1}}));
        assert_eq!(choose(&all, &language, &one).order, [4]);
    }
}
