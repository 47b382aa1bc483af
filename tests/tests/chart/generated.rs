//! What is made from the chart, and what the chart holds a copy of, is current.

use std::{fs, path::Path};

use subtitle_contract::event::EventType;
use subtitle_tests::{process::output, root, tools};

use crate::chart::{self, progress};

fn holds(file: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(file, expected).expect("writable");
    }
    let current = fs::read_to_string(file).unwrap_or_default();
    let name = file.display();
    assert!(current == expected, "{name}: UPDATE_GOLDEN=1 cargo test --workspace --test chart generated rewrites it");
}

#[test]
fn the_chart_has_the_crd_that_the_types_make() {
    let crd = fs::read_to_string(root().join("crds/subtitlejobs.yaml")).expect("the CRD");
    holds(&chart::folder().join("files/crds/subtitlejobs.yaml"), &crd);
}

#[test]
fn what_the_chart_renders_is_reviewed() {
    let rendered = chart::rendered("subtitles", &[&chart::minimal()], &[]);
    let head = "# Generated from the chart with manifests/dev/values.yaml; do not edit.";
    holds(&root().join("manifests/rendered.yaml"), &format!("{head}\n{rendered}"));
}

#[test]
fn the_readme_has_every_value() {
    let program = tools::HELM_DOCS.find_or_build(&progress).expect("helm-docs compiles");
    let mut docs = std::process::Command::new(program);
    docs.args(["--dry-run", "--log-level", "error", "--sort-values-order", "file", "--chart-search-root"]);
    let readme = output(docs.arg(chart::folder())).expect("helm-docs runs");
    assert!(!readme.contains("|  |"), "a value has no description: {readme}");
    holds(&chart::folder().join("README.md"), &format!("{}\n", readme.trim()));
}

/// Who publishes an event, and what it tells.
fn publisher_and_meaning(event: &EventType) -> (&'static str, &'static str) {
    match event {
        EventType::DownloadRequested => {
            ("manager", "The job's turn has come: find the subtitle. This event is the download task.")
        }
        EventType::DownloadStarted => ("downloader", "A downloader took the task."),
        EventType::Ready => ("downloader", "The subtitle was found and stored; the job is done."),
        EventType::TranslateRequested => (
            "downloader, manager",
            "One in another language was found and stored: translate it. This event is the translation task.",
        ),
        EventType::TranslateStarted => ("translator", "A translator took the task."),
        EventType::TranslateProgress => ("translator", "So many cues of all are translated."),
        EventType::Translated => ("translator", "The translation is stored; the job is done."),
        EventType::Failed => (
            "downloader, translator, consumer",
            "The attempt failed; the payload holds the reason, and whether it is worth another.",
        ),
        EventType::RetryScheduled => ("manager", "Another attempt starts at the named time."),
        EventType::Cancelled => ("manager", "The object was deleted; workers stop before their next call."),
        EventType::Unknown(_) => ("", ""),
    }
}

#[test]
fn the_catalogue_of_events_is_complete() {
    let row = |event: &EventType| {
        let (publisher, meaning) = publisher_and_meaning(event);
        format!("| `{}` | {publisher} | {meaning} |\n", event.as_str())
    };
    let rows: String = EventType::KNOWN.iter().map(row).collect();
    let table = format!("| Type and routing key | Published by | What it tells |\n|---|---|---|\n{rows}");
    let head = "# Events\n\nEverything that happens to a job, on the exchange `subtitle.events`, in the stream \
        `subtitle.events.history`, and for\nreaders at `GET /subtitles/{id}/events`. Types not listed here are kept in the history as \
        they come. Made from\n`tests/tests/chart/generated.rs`.\n\n";
    holds(&root().join("core/docs/events.md"), &format!("{head}{table}"));
}
