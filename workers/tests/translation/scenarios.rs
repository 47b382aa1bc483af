//! What peers get wrong, by the numbers of the list of scenarios.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use subtitle_contract::{
    event::{Event, source},
    job::TranslationPolicy,
    payload::{Failed, Payload as _},
    reason::Reason,
};
use subtitle_workers::{
    subtitle::Subtitle,
    task::Settlement,
    translate::{
        Engines,
        announced::Announced,
        engines::{deepl::DeepL, libretranslate::LibreTranslate},
    },
};
use tokio::sync::Notify;

use crate::{
    Ended, assert_exact,
    bench::{Bench, CountingEngine, deliver, download, engine, subject},
    deepl,
    fakes::{self, Fault, srt_file},
    libretranslate, openai, run, server, spec,
};

#[tokio::test(start_paused = true)]
async fn scenario_6_a_killed_worker_resumes_without_losing_a_line_or_paying_for_more_than_one_batch_again() {
    let bench = Bench::new();
    let task = bench.task("a", 600).await; // twelve batches
    let asked = Arc::new(Notify::new());
    let noticed = asked.clone();
    let on_call = Box::new(move |call| {
        if call == 4 {
            noticed.notify_one();
        }
    });
    let killed = bench.translator(CountingEngine { hangs_at: Some(4), on_call, ..CountingEngine::default() });
    let context = bench.context("killed");
    tokio::select! {
        settled = deliver(&killed, &context, &task) => panic!("it hangs in batch 4: {settled:?}"),
        () = asked.notified() => {}
    }
    let next = bench.translator(CountingEngine::default());
    assert_eq!(deliver(&next, &bench.context("next"), &task).await.0, Settlement::Ack);
    let calls = [&killed, &next].map(|translator| translator.engines.calls.load(Ordering::SeqCst));
    assert_eq!(calls, [4, 9], "twelve batches and one of them twice");
}

#[tokio::test]
async fn scenario_7_an_answer_that_is_wrong_is_asked_for_again_and_never_shifts_a_line() {
    for fault in [
        Fault::Drop,
        Fault::Merge,
        Fault::Swap,
        Fault::Duplicate,
        Fault::Fence,
        Fault::Echo,
        Fault::Empty,
        Fault::Truncate,
        Fault::CutByLengthLimit,
        Fault::ThinkBlock,
        Fault::RateLimited(0),
    ] {
        let film = srt_file(50);
        for engine in ["openai", "deepl"] {
            let bench = Bench::new();
            let task = bench.task_of("a", &film, spec("es")).await;
            let fake = if engine == "openai" { fakes::openai::serve(true).await } else { fakes::deepl::serve().await };
            fake.queue_faults([fault, fault]);
            let engines = if engine == "openai" { openai(&fake) } else { deepl(&fake) };
            match run(&bench, engines, &[engine], &task).await {
                Ended::Shipped(shipped) => assert_exact(&film, &shipped),
                Ended::Failed(failed) => panic!("{engine} {fault:?}: {}", failed.error_message),
            }
        }
    }
}

#[tokio::test]
async fn scenario_7_an_engine_that_never_gets_it_right_fails_with_the_cues_ids() {
    let bench = Bench::new();
    let task = bench.task_of("a", &srt_file(50), spec("es")).await;
    let fake = fakes::openai::serve(true).await;
    fake.set_default_fault(Fault::Echo);
    let Ended::Failed(failed) = run(&bench, openai(&fake), &["openai"], &task).await else { panic!("nothing to ship") };
    assert_eq!(failed.reason, Reason::TranslationIncomplete);
    assert!(failed.error_message.contains("cue 1: it came back untranslated"), "{}", failed.error_message);
}

#[tokio::test]
async fn scenario_7_a_quota_that_ends_in_the_middle_names_the_time_and_sends_nothing_more() {
    let bench = Bench::new();
    let task = bench.task_of("a", &srt_file(100), spec("es")).await;
    let fake = fakes::deepl::serve().await;
    fake.queue_faults([Fault::RateLimited(0)]);
    fake.set_quota(50 * 60);
    let Ended::Failed(failed) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("456") };
    assert_eq!((failed.reason.clone(), fake.calls()), (Reason::EngineUnavailable.into(), 3), "429, a batch, 456");
    assert!(failed.not_before.is_some_and(|time| time > jiff::Timestamp::now()), "{failed:?}");
}

#[tokio::test]
async fn scenario_8_a_variant_is_served_as_near_as_the_policy_allows() {
    let fake = fakes::libretranslate::serve().await;
    for (variants, is_possible) in [("Exact", false), ("Base", true)] {
        let bench = Bench::new();
        let mut spec = spec("es-MX");
        spec["translation"] = serde_json::json!({ "variants": variants });
        let film = srt_file(6);
        let task = bench.task_of("a", &film, spec).await;
        match run(&bench, libretranslate(&fake), &["libretranslate"], &task).await {
            Ended::Shipped(shipped) if is_possible => assert_exact(&film, &shipped),
            Ended::Failed(failed) if !is_possible => {
                assert_eq!(failed.reason, Reason::LanguagePairUnsupported, "{}", failed.error_message);
                assert_eq!(fake.calls(), 0);
            }
            ended => panic!("{variants}: {ended:?}"),
        }
    }
}

#[tokio::test]
async fn scenario_12_an_ass_file_keeps_everything_but_what_is_said() {
    let ass = "[Script Info]\nTitle: Harbour\n\n[V4+ Styles]\nFormat: Name, Fontname\nStyle: Default,Arial\n\n[Events]\n\
               Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text\n\
               Comment: 0,0:00:00.00,0:00:01.00,Default,,0,0,0,,a note\n\
               Dialogue: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,{\\k20}Sail{\\k30}ing {\\kf10}home\n\
               Dialogue: 0,0:00:03.00,0:00:04.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}\n\
               Dialogue: 0,0:00:05.00,0:00:06.00,Default,,0,0,0,,{\\pos(9,9)}The harbour is quiet tonight, number 7\n";
    let bench = Bench::new();
    let task = bench.task_of("a", ass, spec("es")).await;
    let fake = fakes::deepl::serve().await;
    let Ended::Shipped(shipped) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("ships") };
    let expected =
        ass.replace("The harbour is quiet tonight, number 7", "El puerto está tranquilo\\Nesta noche, número 7");
    assert_eq!(shipped, expected);
    assert_eq!(fake.texts(), [["The harbour is quiet tonight, number 7"]], "nothing else is paid for");

    let srt = "00:00:01.000 --> 00:00:02.000\nThe harbour is quiet tonight, number 7\n\n0:0:3.5 --> 0:0:4\nGo <i>home</i> \
               and lock the door, number 8\n";
    let bench = Bench::new();
    let task = bench.task_of("a", srt, spec("es")).await;
    let Ended::Shipped(shipped) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("ships") };
    let times = |text: &str| {
        Subtitle::read(text).expect("cues").cues.iter().map(|cue| (cue.start, cue.end)).collect::<Vec<_>>()
    };
    assert_eq!(times(&shipped), [(1000, 2000), (3500, 4000)]);
}

#[tokio::test]
async fn scenario_14_an_impossible_pair_or_a_missing_key_fails_before_anything_is_sent() {
    let fake = fakes::deepl::serve().await;
    let nameless = Engines::default().with(DeepL::new(server(&fake.url, None)));
    for (engines, language, reason) in [
        (deepl(&fake), "fi", Reason::LanguagePairUnsupported),
        (nameless, "es", Reason::EngineForbidden),
        (Engines::default(), "es", Reason::EngineForbidden),
    ] {
        let bench = Bench::new();
        let task = bench.task_of("a", &srt_file(6), spec(language)).await;
        let Ended::Failed(failed) = run(&bench, engines, &["deepl"], &task).await else { panic!("impossible") };
        assert_eq!((failed.reason, fake.calls()), (reason.into(), 0), "{}", failed.error_message);
    }
}

#[tokio::test]
async fn scenario_14_a_pair_that_no_engine_announced_costs_no_question_and_no_download() {
    let fake = fakes::deepl::serve().await;
    for (engines, language, reason) in [
        (deepl(&fake), "fi", Some(Reason::LanguagePairUnsupported)),
        (Engines::default().with(DeepL::new(server(&fake.url, None))), "es", Some(Reason::EngineForbidden)),
        (deepl(&fake), "es", None),
    ] {
        let bench = Bench::new();
        let announced = Announced::from_engines(&engines, &[engine("deepl")], jiff::Timestamp::now()).await;
        announced.store(&bench.store).await.expect("the store");
        let mut task = download();
        task.spec.language = language.to_owned();
        task.spec.translation.policy = TranslationPolicy::Always;
        let task = Event::new(&subject("a"), source::MANAGER, jiff::Timestamp::UNIX_EPOCH, &task);
        deliver(&bench.downloader(Duration::ZERO), &bench.context("d"), &task).await;
        let last = bench.outbox.events().pop().expect("it says something");
        let failed = last.read::<Failed>().ok().filter(|_| last.event_type == Failed::EVENT_TYPE);
        assert_eq!(failed.map(|failed| failed.reason.known().expect("a known reason")), reason, "{language}");
        let is_asked = bench.registry.text().contains("subtitle_source_requests_total{");
        assert_eq!((is_asked, fake.calls()), (reason.is_none(), 0), "{language}");
    }
}

#[tokio::test]
async fn the_next_engine_takes_over_from_one_that_is_away_but_not_from_one_that_errs() {
    let (paid, libre) = (fakes::deepl::serve().await, fakes::libretranslate::serve().await);
    let both = || deepl(&paid).with(LibreTranslate::new(server(&libre.url, Some(fakes::libretranslate::KEY))));
    let film = srt_file(20);
    paid.set_default_fault(Fault::Status(503, "{}"));
    let bench = Bench::new();
    let task = bench.task_of("a", &film, spec("es")).await;
    let Ended::Shipped(shipped) = run(&bench, both(), &["deepl", "libretranslate"], &task).await else {
        panic!("ships")
    };
    assert_exact(&film, &shipped);

    let before = libre.calls();
    paid.set_default_fault(Fault::Echo);
    let bench = Bench::new();
    let task = bench.task_of("a", &film, spec("es")).await;
    let Ended::Failed(failed) = run(&bench, both(), &["deepl", "libretranslate"], &task).await else { panic!("errs") };
    assert_eq!((failed.reason, libre.calls()), (Reason::TranslationIncomplete.into(), before));
}

#[tokio::test]
async fn gaps_ship_only_when_the_job_allows_them() {
    let text =
        srt_file(6).replace("The harbour is quiet tonight, number 100", "The mole is full of ghosts today, number 100");
    let bench = Bench::new();
    // What one job allowed, the next one must not find in the store.
    for partial in ["Allow", "Forbid"] {
        let mut spec = spec("es");
        spec["translation"] = serde_json::json!({ "partial": partial });
        let task = bench.task_of("a", &text, spec).await;
        let fake = fakes::deepl::serve().await; // knows nothing of ghosts: that line comes back as it was
        match run(&bench, deepl(&fake), &["deepl"], &task).await {
            Ended::Shipped(shipped) => {
                assert_eq!(partial, "Allow");
                assert!(
                    shipped.contains("The mole is full of ghosts today") && shipped.contains("capitán"),
                    "{shipped}"
                );
            }
            Ended::Failed(failed) => {
                assert_eq!(partial, "Forbid");
                assert!(failed.error_message.contains("cue 1: it came back untranslated"), "{}", failed.error_message);
            }
        }
    }
}

#[tokio::test]
async fn real_apertium_translates_300_cues_that_pass_every_check_and_keep_their_tags() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../manifests/samples/films/harbour.en.srt");
    let film = std::fs::read_to_string(sample).expect("the sample");
    let bench = Bench::new();
    let task = bench.task_of("a", &film, spec("es")).await;
    let shipped = match run(&bench, Engines::default(), &["apertium"], &task).await {
        Ended::Shipped(shipped) => shipped,
        Ended::Failed(failed) => panic!("{}", failed.error_message),
    };
    let (before, after) = (Subtitle::read(&film).expect("cues"), Subtitle::read(&shipped).expect("cues"));
    assert_eq!((before.cues.len(), after.cues.len()), (300, 300));
    let mut unchanged = 0;
    for (before, after) in before.cues.iter().zip(&after.cues) {
        assert_eq!((before.start, before.end), (after.start, after.end));
        for mark in ["<i>", "</i>", "<b>", "</b>", "{\\an8}", "♪", "\n- "] {
            let count = |text: &str| text.matches(mark).count();
            assert_eq!(count(&before.text), count(&after.text), "{mark}: {}", after.text);
        }
        unchanged += usize::from(before.text == after.text);
    }
    assert!(unchanged <= 15, "{unchanged} of 300 came back as they were");
}
