//! The tables in the README and the reference of reasons are what the code says. `UPDATE_GOLDEN=1` rewrites them.

use std::{fmt::Write as _, fs, path::PathBuf};

use subtitle_contract::{
    phase::{Phase, Step},
    reason::Reason,
};
use subtitle_operator::{
    decide::conditions,
    loops::controller::MAX_CONCURRENT_RECONCILES,
    metrics::Metrics,
    observe::state::{JobState, Outcome, Prerequisite},
};

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..").join(name)
}

/// Holds what stands between the two marks of `table` in `name` against `expected`.
fn holds(name: &str, table: &str, expected: &str) {
    let text = fs::read_to_string(file(name)).expect("readable");
    let (begin, end) = (format!("<!-- {table}: generated -->\n"), format!("<!-- {table}: end -->"));
    let (before, rest) = text.split_once(&begin).expect("the begin mark");
    let (current, after) = rest.split_once(&end).expect("the end mark");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(file(name), format!("{before}{begin}{expected}{end}{after}")).expect("writable");
    } else {
        assert_eq!(current, expected, "UPDATE_GOLDEN=1 cargo test --workspace --test documents rewrites {name}");
    }
}

fn sentence(phase: Phase) -> &'static str {
    match phase {
        Phase::Pending => {
            "accepted; waiting for its turn (a free worker, or `operator.maxInFlight`), the time of its next attempt, a glossary, or the broker"
        }
        Phase::DownloadQueued => "the task is confirmed by the broker",
        Phase::DownloadInProgress => "a downloader works on it",
        Phase::TranslateQueued => "another language was found; the translation task is confirmed",
        Phase::TranslateInProgress => "a translator works on it",
        Phase::Done => "the subtitle is stored",
        Phase::Failed => "finished without a subtitle; `status.reason` and `status.message` say why",
    }
}

#[test]
fn the_readme_and_the_reference_say_what_the_code_says() {
    let mut phases = "| Phase | In Redis and REST | What it means |\n|---|---|---|\n".to_owned();
    for phase in Phase::ALL {
        let wire = if phase == Phase::Pending {
            "the step's `*_QUEUED`".to_owned()
        } else {
            format!("`{}`", phase.wire_status(Step::Download))
        };
        let _ = writeln!(phases, "| `{}` | {wire} | {} |", phase.as_str(), sentence(phase));
    }
    holds("README.md", "phases", &phases);

    let states = [
        ("waiting or being worked on", JobState::InProgress(Step::Download)),
        ("suspended", JobState::Suspended),
        ("`Done`", JobState::Over(Outcome::Done)),
        ("`Failed`", JobState::Over(Outcome::Failed)),
    ];
    let kinds = conditions::table(JobState::Waiting(Prerequisite::Turn)).map(|(kind, _)| format!(" `{kind}` |"));
    let mut table = format!("| The job is |{}\n|---{}|\n", kinds.concat(), "|---".repeat(kinds.len()));
    for (name, state) in states {
        let cells = conditions::table(state).map(|(_, is_true)| if is_true { " True |" } else { " False |" });
        let _ = writeln!(table, "| {name} |{}", cells.concat());
    }
    holds("README.md", "conditions", &table);

    let mut reasons = "| Reason | What it means | Tried again | What to do |\n|---|---|---|---|\n".to_owned();
    for reason in Reason::ALL {
        let retried = if reason.is_retryable() { "yes" } else { "" };
        let (meaning, remedy) = (reason.meaning().trim(), reason.remedy());
        let _ = writeln!(reasons, "| `{reason}` | {meaning} | {retried} | {remedy} |");
    }
    holds("core/docs/reasons.md", "reasons", &reasons);

    let (registry, _) = Metrics::new("subtitle-operator", MAX_CONCURRENT_RECONCILES);
    holds("core/docs/metrics-of-the-operator.md", "metrics", &registry.markdown());
}
