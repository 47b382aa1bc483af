//! How near translations are to references: chrF2 of a whole set, from 0 to 100. Source: Popović 2015, as sacreBLEU computes
//! it: n-grams of 1 to 6 characters without spaces, recall twice as important as precision, of several references the best
//! one for each sentence. Called by the tests and benchmarks of translations. Pure.

use std::collections::HashMap;

const ORDERS: usize = 6;
const BETA: f64 = 2.0;

/// N-grams of each order: in the translation, in the reference, in both.
type Counts = [[usize; 3]; ORDERS];

/// The score of translations, each with its references.
pub fn chrf<'a>(set: impl IntoIterator<Item = (&'a str, Vec<&'a str>)>) -> f64 {
    let mut all: Counts = Default::default();
    for (translation, references) in set {
        let counts = references.into_iter().map(|reference| counts(translation, reference));
        let Some(best) = counts.max_by(|one, other| score(one).total_cmp(&score(other))) else { continue };
        for (sum, one) in all.iter_mut().flatten().zip(best.iter().flatten()) {
            *sum += one;
        }
    }
    score(&all)
}

#[expect(clippy::cast_precision_loss, reason = "counts are small")]
fn score(counts: &Counts) -> f64 {
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let known: Vec<&[usize; 3]> = counts.iter().filter(|[ours, theirs, _]| *ours > 0 && *theirs > 0).collect();
    if known.is_empty() {
        return 0.0;
    }
    let mean =
        |value: &dyn Fn(&[usize; 3]) -> f64| known.iter().map(|one| value(one)).sum::<f64>() / known.len() as f64;
    let precision = mean(&|[ours, _, both]| share(*both, *ours));
    let recall = mean(&|[_, theirs, both]| share(*both, *theirs));
    let weighted = BETA * BETA * precision + recall;
    if weighted == 0.0 { 0.0 } else { 100.0 * (1.0 + BETA * BETA) * precision * recall / weighted }
}

fn counts(translation: &str, reference: &str) -> Counts {
    let mut counts: Counts = Default::default();
    for (order, count) in counts.iter_mut().enumerate() {
        let (ours, theirs) = (grams(translation, order + 1), grams(reference, order + 1));
        let both = ours.iter().map(|(gram, count)| (*count).min(theirs.get(gram).copied().unwrap_or(0))).sum();
        *count = [ours.values().sum(), theirs.values().sum(), both];
    }
    counts
}

fn grams(text: &str, order: usize) -> HashMap<Vec<char>, usize> {
    let characters: Vec<char> = text.chars().filter(|one| !one.is_whitespace()).collect();
    let mut grams = HashMap::new();
    for gram in characters.windows(order) {
        *grams.entry(gram.to_vec()).or_default() += 1;
    }
    grams
}

#[cfg(test)]
mod tests {
    use super::chrf;

    #[test]
    fn the_same_text_scores_100_another_0_and_the_best_reference_counts() {
        assert!((chrf([("O barco sai.", vec!["Nada disso", "O barco sai."])]) - 100.0).abs() < 1e-9);
        assert!(chrf([("abc", vec!["xyz"])]) < 1e-9);
        // By hand: one-grams 2 of 3 and 2 of 4, two-grams 1 of 2 and 1 of 3, three-grams 0 of 1 and 0 of 2.
        let (precision, recall) = ((2.0 / 3.0 + 0.5) / 3.0, (0.5 + 1.0 / 3.0) / 3.0);
        let expected: f64 = 500.0 * precision * recall / (4.0 * precision + recall);
        assert!((chrf([("abc", vec!["abxd"])]) - expected).abs() < 1e-9);
    }
}
