//! Engines that go wrong at random: the result is exact or a failure that says which cues, never a shifted file.

use proptest::prelude::*;
use subtitle_contract::reason::Reason;
use subtitle_workers::translate::{Engines, engines::apertium::apy::Apy};

use crate::{
    Ended, assert_exact,
    bench::Bench,
    deepl,
    fakes::{self, Fault, srt_file},
    libretranslate, openai, run, server, spec,
};

fn fault() -> impl Strategy<Value = Fault> {
    prop_oneof![
        Just(Fault::Drop),
        Just(Fault::Merge),
        Just(Fault::Swap),
        Just(Fault::Duplicate),
        Just(Fault::Echo),
        Just(Fault::Empty),
        Just(Fault::Truncate),
        Just(Fault::Fence),
        Just(Fault::WrongLanguage),
        Just(Fault::ThinkBlock),
        Just(Fault::CutByLengthLimit),
        Just(Fault::RateLimited(0)),
        Just(Fault::Status(456, "{\"message\": \"Quota for this billing period has been exceeded.\"}")),
        Just(Fault::Status(503, "<html>down</html>")),
        Just(Fault::Status(200, "{\"unexpected\": true}")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_an_engine_does_the_result_is_exact_or_a_failure(
        faults in prop::collection::vec(fault(), 0..14),
        cues in 2_usize..70,
        engine in prop::sample::select(vec!["apertium-apy", "deepl", "libretranslate", "openai"]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let film = srt_file(cues);
            let bench = Bench::new();
            let task = bench.task_of("a", &film, spec("es")).await;
            let (fake, engines) = match engine {
                "deepl" => { let fake = fakes::deepl::serve().await; (fake.clone(), deepl(&fake)) }
                "apertium-apy" => {
                    let fake = fakes::apy::serve().await;
                    (fake.clone(), Engines::default().with(Apy::new(server(&fake.url, None))))
                }
                "openai" => { let fake = fakes::openai::serve(true).await; (fake.clone(), openai(&fake)) }
                _ => { let fake = fakes::libretranslate::serve().await; (fake.clone(), libretranslate(&fake)) }
            };
            fake.queue_faults(faults.iter().copied());
            match run(&bench, engines, &[engine], &task).await {
                Ended::Shipped(shipped) => assert_exact(&film, &shipped),
                Ended::Failed(failed) => {
                    let is_named = match failed.reason.known().expect("a known reason") {
                        Reason::EngineUnavailable => failed.error_message.contains(engine),
                        Reason::TranslationIncomplete => {
                            failed.error_message.contains("cue ") || failed.error_message.contains("instead of es")
                        }
                        _ => false,
                    };
                    assert!(is_named, "{failed:?}");
                }
            }
        });
    }
}
