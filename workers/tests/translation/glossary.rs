//! Names and terms that a job's glossary fixes, through each engine and on the real Apertium.

use subtitle_contract::{event::Event, reason::Reason};
use subtitle_workers::{
    store::sha256,
    translate::{Engines, engines::apertium::apy::Apy},
};

use crate::{
    Ended,
    bench::Bench,
    deepl,
    fakes::{self, Fault},
    libretranslate, openai, run, server, spec,
};

const NAMES: &str = "# who is who\nAnna Brown = Ana Brown\nharbour = dársena\n";

fn film(lines: &[&str]) -> String {
    use std::fmt::Write as _;
    lines.iter().enumerate().fold(String::new(), |mut film, (at, line)| {
        let _ = write!(film, "{}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{line}\n\n", at + 1);
        film
    })
}

const LINES: [&str; 4] = [
    "Anna Brown is here tonight, number 1",
    "The <i>harbour</i> is here tonight, number 2",
    "Anna Brown!",
    "We should have gone home earlier, number 4",
];

/// The task with a glossary as the operator stores it.
async fn with(bench: &Bench, mut task: Event, names: &str) -> Event {
    let sha256 = sha256(names.as_bytes());
    let key = format!("n/glossaries/{sha256}.txt");
    bench.store.create(&key, names.to_owned().into()).await.expect("stores");
    task.payload.insert("glossary".to_owned(), serde_json::json!({ "key": key, "sha256": sha256 }));
    task
}

async fn shipped(engines: Engines, engine: &'static str, lines: &[&str], names: &str) -> String {
    let bench = Bench::new();
    let task = with(&bench, bench.task_of("a", &film(lines), spec("es")).await, names).await;
    match Box::pin(run(&bench, engines, &[engine], &task)).await {
        Ended::Shipped(shipped) => shipped,
        Ended::Failed(failed) => panic!("{engine}: {}", failed.error_message),
    }
}

#[tokio::test]
async fn names_come_back_as_the_glossary_says_from_every_engine() {
    let [apy, libre] = [fakes::apy::serve().await, fakes::libretranslate::serve().await];
    let [paid, model] = [fakes::deepl::serve().await, fakes::openai::serve(true).await];
    for (engine, fake, engines) in [
        ("apertium-apy", &apy, Engines::default().with(Apy::new(server(&apy.url, None)))),
        ("libretranslate", &libre, libretranslate(&libre)),
        ("deepl", &paid, deepl(&paid)),
        ("openai", &model, openai(&model)),
    ] {
        let shipped = shipped(engines, engine, &LINES, NAMES).await;
        for line in [
            "Ana Brown está aquí esta noche, número 1",
            "<i>dársena</i> está aquí esta noche, número 2",
            "\nAna Brown!\n",
            "Tendríamos que habernos ido",
        ] {
            let one_line = shipped.replace('\n', " ");
            assert!(shipped.contains(line) || one_line.contains(line), "{engine}: '{line}' is missing in {shipped}");
        }
        assert_eq!(fake.texts()[0].len(), 3, "{engine}: a name alone needs no engine");
    }
}

#[tokio::test]
async fn a_model_that_has_its_own_names_is_told_once_and_then_refused() {
    let model = fakes::openai::serve(true).await;
    model.queue_faults([Fault::IgnoreGlossary]);
    let text = shipped(openai(&model), "openai", &LINES, NAMES).await;
    assert!(text.contains("Ana Brown"), "{text}");
    let said = model.bodies()[1]["messages"][2]["content"].as_str().expect("a complaint").to_owned();
    assert!(said.contains("'Anna Brown' did not come back as the glossary's 'Ana Brown'"), "{said}");

    model.set_default_fault(Fault::IgnoreGlossary);
    let bench = Bench::new();
    let task = with(&bench, bench.task_of("a", &film(&LINES), spec("es")).await, NAMES).await;
    let Ended::Failed(failed) = run(&bench, openai(&model), &["openai"], &task).await else { panic!("its own names") };
    assert_eq!(failed.reason, Reason::TranslationIncomplete);
    assert!(failed.error_message.contains("cue 1: 'Anna Brown' did not come back"), "{}", failed.error_message);
}

#[tokio::test]
async fn an_engine_that_eats_placeholders_is_asked_for_the_words_themselves() {
    let libre = fakes::libretranslate::serve().await;
    libre.set_default_fault(Fault::LosePlaceholders);
    let shipped = shipped(libretranslate(&libre), "libretranslate", &[LINES[0], LINES[3]], NAMES).await;
    assert!(shipped.replace('\n', " ").contains("Ana Brown está aquí esta noche, número 1"), "{shipped}");
}

#[tokio::test]
async fn real_apertium_leaves_a_name_alone_that_it_would_translate() {
    let lines = ["Mr. Brown is at home.", "Did you see Brown, Anna?", "Brown!", "He went to the harbour master."];
    let names = "Brown = Brown\nharbour master = capitán de puerto";
    let shipped = shipped(Engines::default(), "apertium", &lines, names).await;
    assert_eq!(shipped.matches("Brown").count(), 3, "{shipped}");
    assert!(shipped.contains("capitán de puerto"), "{shipped}");
}

#[tokio::test]
async fn a_glossary_that_is_not_there_as_it_was_is_said_and_nothing_is_sent() {
    let paid = fakes::deepl::serve().await;
    let bench = Bench::new();
    let mut task = bench.task_of("a", &film(&LINES), spec("es")).await;
    let elsewhere = serde_json::json!({ "key": "n/glossaries/gone.txt", "sha256": "5a" });
    task.payload.insert("glossary".to_owned(), elsewhere);
    let Ended::Failed(failed) = run(&bench, deepl(&paid), &["deepl"], &task).await else { panic!("it is gone") };
    assert_eq!((failed.reason, failed.retryable, paid.calls()), (Reason::StoreUnavailable.into(), true, 0));
    assert!(failed.error_message.contains("n/glossaries/gone.txt"), "{}", failed.error_message);
}

#[tokio::test]
async fn another_glossary_is_another_translation() {
    let paid = fakes::deepl::serve().await;
    let bench = Bench::new();
    for (job, names, expected) in [("a", NAMES, "Ana Brown"), ("b", "Anna Brown = Anita Brown", "Anita Brown")] {
        let task = with(&bench, bench.task_of(job, &film(&LINES), spec("es")).await, names).await;
        let Ended::Shipped(_) = run(&bench, deepl(&paid), &["deepl"], &task).await else { panic!("ships") };
        let result = crate::result(&bench, job).await;
        assert!(crate::text(&bench, &result).await.contains(expected), "{job}");
        assert_eq!(result.glossary.as_deref(), Some(sha256(names.as_bytes()).as_str()));
    }
    assert_eq!(paid.calls(), 2, "neither the file nor the memory of one serves the other");
}
