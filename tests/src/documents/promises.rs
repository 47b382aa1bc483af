//! What the CRD's fields promise, and the test that holds each promise: becomes `core/docs/fields.md`. Does I/O.

use std::fmt::Write as _;

use anyhow::{Result, ensure};

use crate::documents::golden::has_test;

/// A field, its promise, and the file and the name of the test that holds it.
struct Promise {
    field: &'static str,
    meaning: &'static str,
    file: &'static str,
    test: &'static str,
}

const fn promise(field: &'static str, meaning: &'static str, file: &'static str, test: &'static str) -> Promise {
    Promise { field, meaning, file, test }
}

const DECISIONS: &str = "operator/src/decide/job/tests/promises.rs";
const CHOOSE: &str = "operator/src/decide/admit/choose.rs";
const DEADLINE: &str = "operator/src/decide/job/deadline.rs";
const CRD: &str = "operator/src/crd.rs";
const CREATE: &str = "operator/src/http/handlers/create.rs";
const SIMULATION: &str = "tests/tests/simulation/main.rs";
const WORKER: &str = "workers/tests/tasks/main.rs";
const CONTRACT: &str = "tests/tests/contract.rs";

const PROMISES: &[Promise] = &[
    promise(
        "every optional field of `spec`",
        "null means absent, whichever way the object is applied",
        CONTRACT,
        "the_api_server_enforces_the_crd_schema",
    ),
    promise(
        "every integer of `status`",
        "has a bound that every reader can hold",
        CRD,
        "every_integer_of_the_status_has_a_bound",
    ),
    promise(
        "`spec`",
        "is immutable except `priority`, `suspend` and `ttlSecondsAfterFinished`",
        CRD,
        "only_what_may_change_later_is_mutable",
    ),
    promise(
        "`spec.priority`",
        "an urgent job is started next, whatever was created before it",
        CHOOSE,
        "an_urgent_job_takes_the_next_place_in_the_queue",
    ),
    promise("`spec.priority`", "a lower one has its share", CHOOSE, "each_priority_has_a_task_after_ten_minutes"),
    promise(
        "`spec.activeDeadlineSeconds`",
        "counts only the time in which a worker has the job",
        DEADLINE,
        "only_time_in_which_a_worker_has_the_job_counts",
    ),
    promise(
        "`spec.activeDeadlineSeconds`",
        "is paused from the moment the job is suspended",
        DECISIONS,
        "an_event_folded_after_suspend_and_before_its_reconcile_pauses_the_deadline",
    ),
    promise(
        "`spec.suspend`",
        "workers are told before their next paid call",
        DECISIONS,
        "suspending_a_job_that_workers_have_tells_them_once_it_is_written",
    ),
    promise(
        "`spec.suspend`",
        "a worker that did not hear of it is told when it starts",
        DECISIONS,
        "a_worker_that_starts_a_stopped_attempt_is_told",
    ),
    promise(
        "`spec.suspend`",
        "what was paid for is kept for the next attempt",
        WORKER,
        "a_stopped_attempt_costs_nothing_more_and_the_next_one_continues_with_what_was_paid_for",
    ),
    promise(
        "`spec.suspend`",
        "no paid call follows, whatever fails",
        SIMULATION,
        "no_seed_breaks_a_rule_and_every_corner_is_reached",
    ),
    promise(
        "`metadata.deletionTimestamp`",
        "ends the job although a finalizer keeps the object",
        DECISIONS,
        "a_deleted_job_that_a_finalizer_keeps_ends_and_its_worker_is_told",
    ),
    promise(
        "`status.observedGeneration`, `status.conditions`",
        "follow the object in every phase",
        DECISIONS,
        "a_finished_job_follows_its_generation_and_gets_lost_conditions_back",
    ),
    promise(
        "`status.startTime`, `status.completionTime`",
        "come from the operator's clock",
        DECISIONS,
        "the_operators_clock_decides_whatever_a_workers_shows",
    ),
    promise(
        "`status.nextAttemptTime`, `status.attemptTime`, `status.activeSince`",
        "keep fractions of a second",
        DECISIONS,
        "times_that_decisions_use_keep_fractions_of_a_second",
    ),
    promise(
        "`status.phase`, `status.step`, `status.reason`",
        "values of a newer version are kept and acted on",
        DECISIONS,
        "what_only_a_newer_version_knows_is_kept_and_acted_on",
    ),
    promise(
        "`status.revision`, `status.attempt`",
        "continue after the record when an earlier status is put back",
        DECISIONS,
        "a_status_that_was_put_back_continues_after_its_record",
    ),
    promise(
        "`status.owner`, annotation `subtitles.dev/owner`",
        "one installation works on a job; the annotation gives it to another",
        DECISIONS,
        "of_two_installations_the_first_keeps_a_job_until_the_annotation_gives_it_away",
    ),
    promise(
        "`status.owner`",
        "no task is done twice, whatever fails",
        SIMULATION,
        "of_two_installations_one_works_on_each_job",
    ),
    promise(
        "annotation `subtitles.dev/retry`",
        "is answered where it starts nothing; at creation it is no retry",
        DECISIONS,
        "a_retry_annotation_that_means_nothing_is_answered_and_one_from_the_start_is_no_retry",
    ),
    promise(
        "header `Idempotency-Key`",
        "may be any text and stands for one body",
        CREATE,
        "any_key_names_an_object_and_the_same_key_always_the_same_one",
    ),
    promise(
        "header `Idempotency-Key`",
        "covers what the body says",
        CREATE,
        "a_key_stands_for_what_the_body_says_and_not_for_its_whitespace",
    ),
    promise(
        "body of `POST /subtitles/download`",
        "a misspelt field is refused by name",
        CREATE,
        "a_misspelt_field_is_refused_by_name_and_another_system_s_is_ignored_with_a_warning",
    ),
];

/// The table; fails if a test that it names does not exist.
pub fn markdown() -> Result<String> {
    let mut text = "# What the fields promise\n\n\
        Generated by `cargo dev generate` from `tests/src/documents/promises.rs`; do not edit. Each promise has a test that fails without it.\n\n\
        | Field | Promise | Test |\n|---|---|---|\n"
        .to_owned();
    for Promise { field, meaning, file, test } in PROMISES {
        ensure!(has_test(file, test), "{file} has no test {test}");
        let _ = writeln!(text, "| {field} | {meaning} | `{file}`, `{test}` |");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::root;

    #[test]
    fn every_promise_has_its_test_and_the_document_is_current() {
        let committed = fs::read_to_string(root().join("core/docs/fields.md")).expect("core/docs/fields.md");
        assert_eq!(committed, markdown().expect("the table"), "run `cargo dev generate`");
    }
}
