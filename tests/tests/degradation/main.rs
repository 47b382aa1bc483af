//! One server or process fails at a time: jobs are still accepted and either wait or proceed, with the reason in their
//! status; once the part is back, the system catches up. Also the commands for dead letters and histories, and a check that
//! every metric of the operator was nonzero at some time. Does I/O.

mod broker;
mod commands;
mod jobs;
mod metrics;
mod priority;
mod redis;
mod workers;

use std::{fs, time::Duration};

use serde_json::Value;
use subtitle_tests::{
    cases::Cases,
    job_manifest as job,
    process::{eventually, output},
    stack::{Options, Stack},
    temporary_folder,
};

/// Timeout of every wait, far longer than any takes.
const TIMEOUT: Duration = Duration::from_secs(90);
/// The spec of a job whose subtitle is a track of the video: it ends with `Done` and three events.
const EMBEDDED: &str = "{video: {path: harbour.mkv}, language: en, sources: [{name: embedded}]}";

fn get_job(stack: &Stack, name: &str) -> Value {
    let text =
        output(stack.cluster.kubectl().args(["get", "subtitlejob", name, "-o", "json"])).expect("kubectl get succeeds");
    serde_json::from_str(&text).expect("JSON")
}

fn uid(job: &Value) -> String {
    job["metadata"]["uid"].as_str().expect("a uid").to_owned()
}

/// Waits until the job has finished, and checks that its phase is `Done`.
fn assert_done(stack: &Stack, name: &str) -> Value {
    let finished = stack.finished(name, TIMEOUT).expect("the job finishes");
    assert_eq!(finished["status"]["phase"], "Done", "{name}");
    finished
}

fn wait_for_reason(stack: &Stack, name: &str, reason: &str) {
    let has_reason = || (get_job(stack, name)["status"]["reason"] == reason).then_some(());
    eventually(&format!("{name} is {reason}"), TIMEOUT, has_reason).expect("the job has the reason");
}

/// The number of events in the history; `None` if Redis does not answer, as one that has just restarted.
fn history_length(stack: &Stack, id: &str) -> Option<usize> {
    stack.redis_command(&["LLEN", &format!("job:events:{id}")]).ok()?.parse().ok()
}

fn wait_for_history(stack: &Stack, id: &str, length: usize) {
    let is_complete = || (history_length(stack, id) == Some(length)).then_some(());
    eventually(&format!("{length} events of {id}"), TIMEOUT, is_complete).expect("the history is complete");
}

/// Waits until the record of a job in Redis contains a word.
fn wait_for_record(stack: &Stack, id: &str, word: &str) {
    let record = || stack.redis_command(&["GET", &format!("job:{id}")]).ok().filter(|record| record.contains(word));
    eventually(&format!("the record of {id} contains {word}"), TIMEOUT, record).expect("the record contains the word");
}

#[test]
fn the_system_recovers_from_the_loss_of_any_part() {
    let folder = temporary_folder("degradation").expect("a temporary folder");
    let progress = subtitle_tests::progress::print;
    let environment =
        [("SUBTITLES_CONCURRENCY", "2"), ("SUBTITLES_LIBRARY_URL", "http://127.0.0.1:1/{stem}.{language}.srt")];
    let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
    let simulated_delay = Duration::from_secs(2);
    let options = Options { environment, simulated_delay, ..Options::new(folder.join("library"), &progress) };
    let stack = Stack::start_with(&folder, &options).expect("the stack starts");
    stack.apply(&job("known", EMBEDDED)).expect("kubectl apply succeeds");
    let known = uid(&stack.finished("known", TIMEOUT).expect("the job finishes"));
    wait_for_history(&stack, &known, 3);

    let mut cases = Cases::new("degradation", stack);
    cases.check("a_job_deleted_without_an_operator_closes_its_record", jobs::deleted_without_an_operator);
    cases.check("dead_letters_are_listed_shown_replayed_and_dropped", |stack| commands::dead_letters(stack, &known));
    cases.check("a_deleted_job_is_cancelled_once", jobs::deleted_job_is_cancelled);
    cases.check("a_job_waits_for_the_broker", broker::job_waits_for_the_broker);
    cases.check("a_task_in_a_deleted_queue_is_published_again", broker::deleted_queue);
    cases.check("jobs_finish_without_redis_which_catches_up_afterwards", |stack| {
        redis::jobs_finish_without_redis(stack, &known);
    });
    let rebuilt =
        cases.run("a_flushed_redis_is_repopulated", |stack| Ok(redis::flushed_redis_is_repopulated(stack, &known)));
    let name = "a_history_is_rebuilt_by_command";
    match rebuilt {
        Some(id) => cases.check(name, |stack| commands::history_is_rebuilt(stack, &id)),
        None => cases.not_run(name, "it needs the history of the case before"),
    }
    cases.check("a_job_without_its_source_is_retried_within_its_limit", |stack| workers::source_is_unavailable(stack));
    cases.check("waiting_tasks_are_counted_while_workers_are_frozen", workers::workers_are_frozen);
    cases.check("an_urgent_job_starts_next", |stack| priority::urgent_job_starts_next(stack));
    cases.check("a_full_broker_is_reported", |stack| broker::full_broker_is_reported(stack));
    cases.check("a_job_finishes_despite_conflicting_writes", |stack| {
        jobs::job_finishes_despite_conflicting_writes(stack);
    });
    cases.check("unacked_events_are_redelivered_and_applied_once", |stack| redis::frozen_redis(stack, &known));
    cases.check("giant_messages_are_dead_lettered_by_reference", |stack| broker::giant_messages(stack));
    cases.check("an_undecodable_object_does_not_block_others", |stack| {
        jobs::undecodable_object_does_not_block_others(stack);
    });
    let name = "every_metric_of_the_operator_was_nonzero";
    if cases.has_failed() {
        cases.not_run(name, "an earlier case failed");
    } else {
        cases.check(name, |stack| metrics::every_metric_was_nonzero(stack));
    }
    cases.check("without_a_configured_broker_nothing_is_published", |stack| broker::none_configured(stack, &folder));
    cases.finish();
    let _ = fs::remove_dir_all(&folder);
}
