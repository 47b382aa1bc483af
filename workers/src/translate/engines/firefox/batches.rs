//! Sentences in batches that bound a model's memory: a batch takes as much as its longest sentence times its number. Pure.

/// Sentences in one batch: more of them hardly translate faster.
const ROWS: usize = 32;
/// Characters of a batch, each sentence as long as the longest: about a quarter as many tokens, and 20 MiB.
const CHARACTERS: usize = 4096;

/// The sentences in batches of about the same length, the longest first, so that no core ends alone with them.
pub(super) fn batches(mut sentences: Vec<String>) -> Vec<Vec<String>> {
    let characters = |sentence: &String| sentence.chars().count();
    sentences.sort_by_cached_key(|sentence| std::cmp::Reverse(characters(sentence)));
    let mut batches: Vec<Vec<String>> = Vec::new();
    for sentence in sentences {
        match batches
            .last_mut()
            .filter(|batch| batch.len() < ROWS && (batch.len() + 1) * batch.first().map_or(0, characters) <= CHARACTERS)
        {
            Some(batch) => batch.push(sentence),
            None => batches.push(vec![sentence]),
        }
    }
    batches
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn every_sentence_is_in_one_batch_and_no_batch_is_large(lengths in proptest::collection::vec(1usize..300, 0..200)) {
            let sentences: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
            let batches = batches(sentences);
            proptest::prop_assert_eq!(batches.iter().map(Vec::len).sum::<usize>(), lengths.len());
            for batch in batches {
                proptest::prop_assert!(batch.len() <= ROWS && batch.len() * batch[0].len() <= CHARACTERS.max(batch[0].len()));
            }
        }
    }
}
