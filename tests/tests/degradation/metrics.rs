//! The metrics of a process, and whether the earlier cases exercised each metric of the operator. Does I/O.

use std::process::Command;

use subtitle_tests::{
    process::{eventually, output},
    stack::Stack,
};

use crate::TIMEOUT;

/// Gauges that are back at 0 by now; an earlier case waits for each of them.
const CHECKED_EARLIER: [&str; 5] = [
    "subtitle_broker_blocked",
    "subtitle_queue_messages_ready",
    "subtitle_queue_messages_unacked",
    "subtitle_oldest_waiting_seconds",
    "subtitle_oldest_task_seconds",
];

/// The `/metrics` page of a process; empty if it does not respond.
fn page(api: &str) -> String {
    output(Command::new("curl").args(["-sf", &format!("{api}/metrics")])).unwrap_or_default()
}

/// The values of a metric, whatever its labels; of a histogram, its count.
fn values<'a>(page: &'a str, name: &'a str) -> impl Iterator<Item = &'a str> {
    let value = move |line: &'a str| {
        let rest = line.strip_prefix(name)?;
        let rest = rest.strip_prefix("_count").unwrap_or(rest);
        rest.starts_with([' ', '{']).then(|| rest.rsplit(' ').next()).flatten()
    };
    page.lines().filter_map(value)
}

/// Whether any time series of a metric is not 0.
pub(crate) fn is_nonzero(api: &str, name: &str) -> bool {
    values(&page(api), name).any(|value| value != "0")
}

pub(crate) fn every_metric_was_nonzero(stack: &Stack) {
    let connected = || {
        let page = page(&stack.api_url);
        let is_connected = values(&page, "subtitle_broker_connected").any(|value| value == "1");
        is_connected.then_some(page)
    };
    let page = eventually("the operator is connected with the broker", TIMEOUT, connected).expect("metrics");
    for name in [
        "subtitle_events_consumed_total{event_type=\"subtitle.ready\",source=\"downloader\"}",
        "subtitle_jobs_finished_total{result=\"success\",reason=\"SubtitleFound\"}",
        "subtitle_jobs_finished_total{result=\"failure\",reason=\"SourceUnavailable\"}",
        "subtitle_retries_total{reason=\"SourceUnavailable\"}",
        "subtitle_repairs_total{kind=\"task\"}",
        "subtitle_repairs_total{kind=\"record\"}",
        "subtitle_repairs_total{kind=\"orphan\"}",
        "subtitle_events_published_total{event_type=\"subtitle.download.requested\",outcome=\"confirmed\"}",
        "subtitle_dead_letters_published_total{reason=\"MalformedMessage\",outcome=\"confirmed\"}",
    ] {
        let value = page.lines().find_map(|line| line.strip_prefix(name)).and_then(|rest| rest.rsplit(' ').next());
        assert!(value.is_some_and(|value| value != "0"), "{name} is {value:?}\n{page}");
    }
    let (registry, _) = subtitle_operator::metrics::Metrics::new("subtitle-operator", 1);
    for name in registry.names().filter(|name| !CHECKED_EARLIER.contains(name)) {
        assert!(values(&page, name).any(|value| value != "0"), "no case exercises {name}:\n{page}");
    }
}
