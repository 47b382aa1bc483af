//! What is paid for: what was translated once costs nothing again, and a namespace sends no more than its day allows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use subtitle_contract::{
    event::Event,
    job::VariantMatch,
    language::Language,
    payload::{Failed, Payload as _},
    reason::Reason,
};
use subtitle_workers::{
    task::Settlement,
    translate::{EngineError, EngineId, Translate, TranslationRequest},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    Ended, assert_exact,
    bench::{Bench, CountingEngine, deliver},
    deepl,
    fakes::{self, Fault, srt_file},
    run, spec,
};

/// The same lines with other times: another file.
fn later(film: &str) -> String {
    film.replace("00:00:", "00:30:")
}

fn sent(fake: &fakes::Fake) -> usize {
    fake.texts().iter().map(Vec::len).sum()
}

#[tokio::test]
async fn what_was_translated_once_is_not_paid_for_in_another_film() {
    let fake = fakes::deepl::serve().await;
    let bench = Bench::new();
    let short = srt_file(18);
    let task = bench.task_of("a", &short, spec("es")).await;
    let Ended::Shipped(_) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("ships") };
    assert_eq!(sent(&fake), 18);

    // 18 of its 20 lines are known.
    let long = later(&srt_file(20));
    let task = bench.task_of("b", &long, spec("es")).await;
    let Ended::Shipped(shipped) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("ships") };
    assert_exact(&long, &shipped);
    assert_eq!(sent(&fake), 20, "only the two lines that nobody had translated");
    assert_eq!(bench.number("subtitle_cache_hits_total{kind=\"text\"}"), 18);

    // Another namespace pays for itself.
    let task = bench.task_in("other", "c", &short, spec("es")).await;
    let Ended::Shipped(_) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("ships") };
    assert_eq!(sent(&fake), 38);
}

#[tokio::test]
async fn what_was_rejected_is_not_remembered() {
    let fake = fakes::deepl::serve().await;
    let bench = Bench::new();
    fake.set_default_fault(Fault::WrongLanguage);
    let task = bench.task_of("a", &srt_file(6), spec("es")).await;
    let Ended::Failed(failed) = run(&bench, deepl(&fake), &["deepl"], &task).await else { panic!("German") };
    assert_eq!(failed.reason, Reason::TranslationIncomplete);
    assert_eq!(bench.store.names("n/memory").await.expect("lists"), [""; 0]);
}

async fn tries(bench: &Bench, fake: &fakes::Fake, limit: u64, task: &Event) -> Result<(), Failed> {
    let mut translator = bench.translator(deepl(fake));
    translator.characters_per_day = Some(limit);
    assert_eq!(deliver(&translator, &bench.context("w"), task).await.0, Settlement::Ack);
    let last = bench.outbox.events().pop().expect("it says something");
    if last.event_type == Failed::EVENT_TYPE { Err(last.read().expect("a failure")) } else { Ok(()) }
}

#[tokio::test]
async fn a_namespace_sends_no_more_than_its_day_allows_and_says_when_it_goes_on() {
    let fake = fakes::deepl::serve().await;
    let bench = Bench::new();
    // 20 lines of about 42 characters.
    let first = bench.task_of("a", &srt_file(20), spec("es")).await;
    tries(&bench, &fake, 1200, &first).await.expect("it is within the limit");
    let before = fake.calls();

    let other = srt_file(40).split_once("\n21\n").map(|(_, rest)| format!("21\n{rest}")).expect("40 cues");
    let second = bench.task_of("b", &other, spec("es")).await;
    let failed = tries(&bench, &fake, 1200, &second).await.expect_err("it is beyond the limit");
    assert_eq!((failed.reason, failed.retryable, fake.calls()), (Reason::CostLimitExceeded.into(), true, before));
    let midnight = "1970-01-02T00:00:00Z".parse().expect("a time");
    assert_eq!(failed.not_before, Some(midnight));
    for words in ["characters would be sent", "namespace 'n' has sent 8", "of 1200 today (UTC)", "1970-01-02T00:00:00Z"]
    {
        assert!(failed.error_message.contains(words), "'{words}': {}", failed.error_message);
    }

    let elsewhere = bench.task_in("other", "c", &other, spec("es")).await;
    tries(&bench, &fake, 1200, &elsewhere).await.expect("another namespace has its own day");

    let failed = tries(&bench, &fake, 100, &second).await.expect_err("it never fits");
    assert_eq!((failed.reason, failed.retryable, failed.not_before), (Reason::CostLimitExceeded.into(), false, None));
    assert!(failed.error_message.contains("SUBTITLES_CHARACTERS_PER_DAY"), "{}", failed.error_message);
}

/// Takes one call at a time, and notes how many there were.
struct Narrow {
    engine: CountingEngine,
    permits: Arc<Semaphore>,
    inside: AtomicU32,
    most: AtomicU32,
}

impl Translate for Narrow {
    async fn supports(&self, _: EngineId, _: &Language, _: &Language, _: VariantMatch) -> Result<bool, EngineError> {
        Ok(true)
    }

    async fn translate(&self, engine: EngineId, request: TranslationRequest<'_>) -> Result<Vec<String>, EngineError> {
        self.most.fetch_max(self.inside.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        let answers = self.engine.translate(engine, request).await;
        self.inside.fetch_sub(1, Ordering::SeqCst);
        answers
    }

    async fn permit(&self, _: EngineId) -> Option<OwnedSemaphorePermit> {
        self.permits.clone().acquire_owned().await.ok()
    }
}

#[tokio::test(start_paused = true)]
async fn jobs_at_once_wait_for_the_engines_permit() {
    let bench = Bench::new();
    let (first, second) = (bench.task("a", 120).await, bench.task("b", 130).await);
    let engine = CountingEngine { takes: Duration::from_secs(5), ..CountingEngine::default() };
    let permits = Arc::new(Semaphore::new(1));
    let translator = bench.translator(Narrow { engine, permits, inside: AtomicU32::new(0), most: AtomicU32::new(0) });
    let context = bench.context("w");
    let ended = tokio::join!(deliver(&translator, &context, &first), deliver(&translator, &context, &second));
    assert_eq!((ended.0.0, ended.1.0), (Settlement::Ack, Settlement::Ack));
    assert_eq!(translator.engines.most.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn what_is_sent_again_counts_again() {
    let fake = fakes::deepl::serve().await;
    let bench = Bench::new();
    fake.queue_faults([Fault::None, Fault::Drop]);
    let task = bench.task_of("a", &srt_file(60), spec("es")).await;
    tries(&bench, &fake, 100_000, &task).await.expect("ships");
    let amount = |name: &String| name.rsplit_once('-').and_then(|(_, amount)| amount.parse::<usize>().ok());
    let noted: usize = bench.store.names("n/spent").await.expect("lists").iter().filter_map(amount).sum();
    let paid: usize = fake.texts().iter().flatten().map(|text| text.chars().count()).sum();
    let tags = 2 * fake.texts().iter().flatten().filter(|text| text.contains("<x id")).count();
    assert!(noted > 0 && noted <= paid && noted + 14 * tags >= paid, "{noted} of {paid}");
}
