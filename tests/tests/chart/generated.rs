//! The files generated from the chart, and the chart's copies of other files, are up to date. Does I/O.

use std::fs;

use serde_json::Value;
use subtitle_contract::event::EventType;
use subtitle_tests::{
    documents::golden::{assert_file, assert_region},
    process::output,
    root, tools,
};

use crate::chart::{self, list, progress, text};

#[test]
fn the_chart_has_the_current_crds() {
    for name in ["crds/subtitlejobs.yaml", "crds/subtitlepolicies.yaml"] {
        let crd = fs::read_to_string(root().join(name)).expect("the CRD");
        assert_file(&chart::folder().join("files").join(name), &crd);
    }
}

#[test]
fn the_rendered_chart_is_committed() {
    let rendered = chart::rendered("subtitles", &[&chart::minimal()], &[]);
    let head = "# Generated from the chart with manifests/dev/values.yaml; do not edit.";
    assert_file(&root().join("manifests/rendered.yaml"), &format!("{head}\n{rendered}"));
}

/// The alerts as a table.
fn alerts() -> String {
    let rules = fs::read_to_string(chart::folder().join("files/rules.yaml")).expect("the rules");
    let rules: Value = serde_yaml_ng::from_str(&rules).expect("YAML");
    let row = |rule: &Value| {
        let (name, severity) = (text(&rule["alert"]), text(&rule["labels"]["severity"]));
        let after = rule["for"].as_str().unwrap_or("at once");
        let expression = text(&rule["expr"]).replace('|', "\\|");
        format!("| `{name}` | {severity} | {after} | `{expression}` |\n")
    };
    let rows: String = list(&rules["groups"][0]["rules"]).iter().map(row).collect();
    format!("| Alert | Severity | After | Condition |\n|---|---|---|---|\n{rows}")
}

/// The dashboards with their panels.
fn panels() -> String {
    let line = |file: &str| {
        let file = chart::folder().join(format!("files/dashboards/{file}.json"));
        let dashboard: Value = serde_json::from_str(&fs::read_to_string(file).expect("readable")).expect("JSON");
        let titles: Vec<&str> = list(&dashboard["panels"]).iter().map(|panel| text(&panel["title"])).collect();
        format!("- *{}*: {}\n", text(&dashboard["title"]), titles.join("; "))
    };
    ["jobs", "operator"].map(line).concat()
}

#[test]
fn the_readme_documents_every_value() {
    let template = chart::folder().join("README.md.gotmpl");
    assert_region(&template, "alerts", &alerts());
    assert_region(&template, "panels", &panels());
    let program = tools::HELM_DOCS.find_or_build(&progress).expect("helm-docs compiles");
    let mut docs = std::process::Command::new(program);
    docs.args(["--dry-run", "--log-level", "error", "--sort-values-order", "file", "--chart-search-root"]);
    let readme = output(docs.arg(chart::folder())).expect("helm-docs runs");
    let undescribed: Vec<&str> = readme.lines().filter(|line| line.contains("|  |")).collect();
    assert!(undescribed.is_empty(), "values have no description: {undescribed:#?}");
    assert_file(&chart::folder().join("README.md"), &format!("{}\n", readme.trim()));
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
            "downloader, manager, translator",
            "A subtitle in another language was found and stored: translate it. This event is the translation task.",
        ),
        EventType::TranslateStarted => ("translator", "A translator took the task."),
        EventType::TranslateProgress => ("translator", "How many of all cues are translated so far."),
        EventType::Translated => ("translator", "The translation is stored; the job is done."),
        EventType::Failed => (
            "downloader, translator, consumer, manager",
            "The attempt failed; the payload holds the reason, and whether another attempt may succeed.",
        ),
        EventType::RetryScheduled => ("manager", "Another attempt starts at the named time."),
        EventType::Cancelled => ("manager", "The object was deleted; workers stop before their next call."),
        EventType::Stopped => (
            "manager",
            "The attempt must not be worked on any more, for the reason in the payload; workers stop before their next call.",
        ),
        EventType::ScanRequested => (
            "manager",
            "A policy's library is to be walked; `job_id` is the policy's uid, as in the next two. This event is the scan task.",
        ),
        EventType::ScanPage => ("downloader", "Up to 500 videos of a scan, with the subtitles beside and inside them."),
        EventType::ScanFinished => ("downloader", "A scan is over; the payload counts what its pages hold."),
        EventType::Unknown(_) => ("", ""),
    }
}

#[test]
fn the_event_reference_is_current() {
    let row = |event: &EventType| {
        let (publisher, meaning) = publisher_and_meaning(event);
        format!("| `{}` | {publisher} | {meaning} |\n", event.as_str())
    };
    let rows: String = EventType::KNOWN.iter().map(row).collect();
    let table = format!("| Type and routing key | Published by | Meaning |\n|---|---|---|\n{rows}");
    let head = "# Events\n\nEverything that happens to a job is published on the exchange `subtitle.events`, kept in the stream\n\
        `subtitle.events.history`, and served at `GET /subtitles/{id}/events`. Event types that are not listed here are kept in\nthe \
        history unchanged. Generated from `tests/tests/chart/generated.rs`.\n\n";
    assert_file(&root().join("core/docs/events.md"), &format!("{head}{table}"));
}
