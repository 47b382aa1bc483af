//! The files generated from the chart, and the chart's copies of other files, are up to date. Does I/O.

use std::{fs, path::Path};

use subtitle_contract::event::EventType;
use subtitle_tests::{process::output, root, tools};

use crate::chart::{self, progress};

fn assert_current(file: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(file, expected).expect("writes the file");
    }
    let current = fs::read_to_string(file).unwrap_or_default();
    let name = file.display();
    assert!(current == expected, "{name}: UPDATE_GOLDEN=1 cargo test --workspace --test chart generated rewrites it");
}

#[test]
fn the_chart_has_the_current_crd() {
    let crd = fs::read_to_string(root().join("crds/subtitlejobs.yaml")).expect("the CRD");
    assert_current(&chart::folder().join("files/crds/subtitlejobs.yaml"), &crd);
}

#[test]
fn the_rendered_chart_is_committed() {
    let rendered = chart::rendered("subtitles", &[&chart::minimal()], &[]);
    let head = "# Generated from the chart with manifests/dev/values.yaml; do not edit.";
    assert_current(&root().join("manifests/rendered.yaml"), &format!("{head}\n{rendered}"));
}

#[test]
fn the_readme_documents_every_value() {
    let program = tools::HELM_DOCS.find_or_build(&progress).expect("helm-docs compiles");
    let mut docs = std::process::Command::new(program);
    docs.args(["--dry-run", "--log-level", "error", "--sort-values-order", "file", "--chart-search-root"]);
    let readme = output(docs.arg(chart::folder())).expect("helm-docs runs");
    assert!(!readme.contains("|  |"), "a value has no description: {readme}");
    assert_current(&chart::folder().join("README.md"), &format!("{}\n", readme.trim()));
}

/// The publishers of an event type, and its meaning.
fn publisher_and_meaning(event: &EventType) -> (&'static str, &'static str) {
    match event {
        EventType::DownloadRequested => {
            ("manager", "It is the job's turn: find the subtitle. This event is the download task.")
        }
        EventType::DownloadStarted => ("downloader", "A downloader took the task."),
        EventType::Ready => ("downloader", "The subtitle was found and stored; the job is done."),
        EventType::TranslateRequested => (
            "downloader, manager",
            "A subtitle in another language was found and stored: translate it. This event is the translation task.",
        ),
        EventType::TranslateStarted => ("translator", "A translator took the task."),
        EventType::TranslateProgress => ("translator", "How many of all cues are translated so far."),
        EventType::Translated => ("translator", "The translation is stored; the job is done."),
        EventType::Failed => (
            "downloader, translator, consumer",
            "The attempt failed; the payload holds the reason, and whether another attempt may succeed.",
        ),
        EventType::RetryScheduled => ("manager", "Another attempt starts at the named time."),
        EventType::Cancelled => ("manager", "The object was deleted; workers stop before their next call."),
        EventType::Unknown(_) => ("", ""),
    }
}

#[test]
fn the_event_catalogue_is_complete() {
    let row = |event: &EventType| {
        let (publisher, meaning) = publisher_and_meaning(event);
        format!("| `{}` | {publisher} | {meaning} |\n", event.as_str())
    };
    let rows: String = EventType::KNOWN.iter().map(row).collect();
    let table = format!("| Type and routing key | Published by | Meaning |\n|---|---|---|\n{rows}");
    let head = "# Events\n\nEverything that happens to a job is published on the exchange `subtitle.events`, kept in the stream\n\
        `subtitle.events.history`, and served at `GET /subtitles/{id}/events`. Event types that are not listed here are kept in\nthe \
        history unchanged. Generated from `tests/tests/chart/generated.rs`.\n\n";
    assert_current(&root().join("core/docs/events.md"), &format!("{head}{table}"));
}
