//! Every flow of the product on a real API server, RabbitMQ and Redis, with the built operator and workers as processes:
//! jobs of every outcome, the HTTP API and Redis, dead letters, and processes that end or are killed. Does I/O.

mod guide;
mod http;
mod jobs;
mod policies;
mod processes;
mod python;
mod samples;

use std::{fs, time::Duration};

use subtitle_tests::{cases::Cases, stack::Stack, temporary_folder};

/// Timeout of every wait, far longer than any takes.
const TIMEOUT: Duration = Duration::from_secs(60);

#[test]
fn every_flow_ends_as_documented() {
    let folder = temporary_folder("flows").expect("a temporary folder");
    let stack = Stack::start(&folder, None).expect("the stack starts");
    samples::write(&folder, &stack.library);
    samples::apply(&stack);

    let mut cases = Cases::new("flows", stack);
    cases.check("the_first_start_logs_no_error", |_| processes::first_start_logs_no_error(&folder));
    cases.check("an_embedded_track_is_found", |stack| jobs::embedded_track_is_found(stack));
    cases.check("kubernetes_events_report_the_phases", |stack| jobs::kubernetes_events_report_the_phases(stack));
    cases.check("a_sidecar_in_a_legacy_charset_is_found", |stack| jobs::legacy_charset_is_converted(stack));
    cases.check("a_translation_has_the_cues_and_times_of_its_source", |stack| jobs::translation_keeps_times(stack));
    cases.check("a_job_without_a_subtitle_fails_in_its_first_attempt", |stack| {
        jobs::no_subtitle_found_is_not_retried(stack);
    });
    cases.check("an_invalid_glossary_fails_the_job_and_is_not_quoted", |stack| {
        jobs::invalid_glossary_is_explained(stack);
    });
    cases.check("a_job_waits_for_its_glossary", |stack| jobs::missing_glossary_is_awaited(stack));
    cases.check("redis_holds_the_record_and_the_history", |stack| http::redis_holds_record_and_history(stack));
    cases.check("http_reads_a_job_and_its_file", |stack| http::job_and_file_are_served(stack));
    cases.check("http_serves_parts_of_a_file_and_only_changed_ones", |stack| http::file_has_an_etag_and_ranges(stack));
    cases.check("http_creates_a_job_that_is_readable_at_once", |stack| http::created_job_is_readable_at_once(stack));
    cases.check("http_explains_a_bad_request", |stack| http::bad_body_is_explained(stack));
    cases.check("every_call_of_the_api_guide_answers_as_shown", |stack| {
        guide::every_call_of_the_api_guide_answers_as_shown(stack);
    });
    cases.check("commands_of_the_python_system_have_translations_that_work", |stack| {
        guide::commands_of_the_python_system_have_translations_that_work(stack);
    });
    cases.check("a_policy_ends_satisfied", |stack| policies::policy_is_satisfied(stack));
    cases.check("a_video_that_is_added_is_found_by_the_next_scan", |stack| {
        policies::added_video_is_found_by_the_next_scan(stack);
    });
    cases.check("an_unmounted_library_decides_nothing", |stack| policies::unmounted_library_decides_nothing(stack));
    cases.check("bad_messages_are_dead_letters", |stack| processes::bad_messages_are_dead_letters(stack));
    cases.check("sigterm_ends_each_program_in_time", processes::sigterm_ends_each_program_in_time);
    cases.check("a_python_publisher_and_reader_work_unchanged", python::a_python_publisher_and_reader_work_unchanged);
    cases.check("a_job_survives_the_kill_of_its_processes", processes::job_survives_kills);
    cases.finish();
    let _ = fs::remove_dir_all(&folder);
}
