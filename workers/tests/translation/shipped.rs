//! What a result says of its translation besides its text.

use subtitle_contract::{
    job::{Untranslated, VariantMatch},
    language::Language,
};
use subtitle_workers::translate::{EngineError, EngineId, Translate, TranslationRequest};

use crate::{
    Ended,
    bench::Bench,
    deepl,
    fakes::{self, srt_file},
    libretranslate, result, run, spec, text,
};

#[tokio::test]
async fn cues_that_stay_untranslated_are_counted_and_named_also_when_the_file_was_there_already() {
    let film =
        srt_file(6).replace("The harbour is quiet tonight, number 100", "The mole is full of ghosts today, number 100");
    let fake = fakes::deepl::serve().await; // knows nothing of ghosts: that line comes back as it was
    let bench = Bench::new();
    let mut spec = spec("es");
    spec["translation"] = serde_json::json!({ "partial": "Allow" });
    for job in ["a", "b"] {
        let task = bench.task_of(job, &film, spec.clone()).await;
        let Ended::Shipped(_) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("ships") };
        let expected = Untranslated { count: 1, cues: vec![1] };
        assert_eq!(result(&bench, job).await.untranslated, Some(expected), "{job}");
    }
    assert_eq!(bench.number("subtitle_cache_hits_total{kind=\"translated\"}"), 1, "the second one pays nothing");
}

#[tokio::test]
async fn the_variants_tier_and_the_readability_are_in_the_result() {
    let fake = fakes::libretranslate::serve().await;
    let bench = Bench::new();
    let task = bench.task_of("a", &srt_file(6), spec("es-MX")).await;
    let Ended::Shipped(_) = run(&bench, libretranslate(&fake), &["libretranslate"], &task).await else {
        panic!("ships")
    };
    let result = result(&bench, "a").await;
    assert_eq!((result.variant, result.via, result.untranslated), (Some(VariantMatch::Script.into()), None, None));
    let readability = result.readability.expect("it is counted");
    assert_eq!((readability.fast, readability.wide, readability.brief), (6, 0, 0), "0.9 s are too short for all six");
}

/// Says one thing in Hebrew.
struct Hebrew;

impl Translate for Hebrew {
    async fn supports(&self, _: EngineId, _: &Language, _: &Language, _: VariantMatch) -> Result<bool, EngineError> {
        Ok(true)
    }

    async fn translate(&self, _: EngineId, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        let say = |line: &String| format!("הים שקט הלילה, מספר {}", line.rsplit(' ').next().expect("a number"));
        Ok(request.texts.iter().map(say).collect())
    }
}

#[tokio::test]
async fn lines_that_are_read_from_right_to_left_are_marked_when_asked_and_only_then() {
    let english = "1\n00:00:01,000 --> 00:00:03,000\n{\\an8}The sea is calm tonight, number 100\n";
    for (marks, line) in
        [("Omit", "{\\an8}הים שקט הלילה, מספר 100"), ("Add", "{\\an8}\u{202B}הים שקט הלילה, מספר 100\u{202C}")]
    {
        let bench = Bench::new();
        let mut spec = spec("he");
        spec["translation"] = serde_json::json!({ "directionMarks": marks });
        let task = bench.task_of("a", english, spec).await;
        let Ended::Shipped(shipped) = run(&bench, Hebrew, &["deepl"], &task).await else { panic!("ships") };
        assert!(shipped.contains(&format!("\n{line}\n")), "{marks}: {shipped:?}");
        assert_eq!(shipped, text(&bench, &result(&bench, "a").await).await);
    }
}
