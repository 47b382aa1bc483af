//! Sentences in batches that bound a model's memory: a batch takes the length of its longest sentence times the number of its
//! sentences. Pure.

/// Sentences in one batch: larger batches are hardly faster.
const ROWS: usize = 32;
/// Characters of a batch, each sentence as long as the longest: about a quarter as many tokens, and 20 MiB.
const CHARACTERS: usize = 4096;
/// Sentences in one batch of those that are aligned, one after another.
const ALIGNED: usize = 8;

/// Sentences that are translated at once.
#[derive(Clone, Debug)]
pub(super) struct Batch {
    pub(super) is_aligned: bool,
    pub(super) sentences: Vec<String>,
}

/// Sentences whose translations are aligned with them.
pub(super) fn aligned(sentences: Vec<String>) -> Vec<Batch> {
    let batch = |sentences: &[String]| Batch { is_aligned: true, sentences: sentences.to_vec() };
    longest_first(sentences).chunks(ALIGNED).map(batch).collect()
}

/// Sentences without alignment, in batches of about the same length.
pub(super) fn plain(sentences: Vec<String>) -> Vec<Batch> {
    let mut batches: Vec<Batch> = Vec::new();
    for sentence in longest_first(sentences) {
        let fits = |Batch { sentences, .. }: &&mut Batch| {
            sentences.len() < ROWS
                && (sentences.len() + 1) * sentences.first().map_or(0, |one| characters(one)) <= CHARACTERS
        };
        match batches.last_mut().filter(fits) {
            Some(batch) => batch.sentences.push(sentence),
            None => batches.push(Batch { is_aligned: false, sentences: vec![sentence] }),
        }
    }
    batches
}

/// So that no core ends alone with long ones, in an order that does not depend on anything else.
fn longest_first(mut sentences: Vec<String>) -> Vec<String> {
    sentences.sort_by_cached_key(|sentence| (std::cmp::Reverse(characters(sentence)), sentence.clone()));
    sentences
}

fn characters(sentence: &str) -> usize {
    sentence.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_sentence_is_in_one_batch_and_no_batch_is_large(lengths in proptest::collection::vec(1usize..300, 0..200)) {
            let sentences: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
            let batches: Vec<Vec<String>> = plain(sentences).into_iter().map(|batch| batch.sentences).collect();
            proptest::prop_assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), lengths.len());
            for batch in batches {
                proptest::prop_assert!(batch.len() <= ROWS && batch.len() * batch[0].len() <= CHARACTERS.max(batch[0].len()));
            }
        }
    }
}
