//! AMQP headers of an event: CloudEvents attributes (AMQP protocol binding, `cloudEvents_` prefix) and W3C trace
//! context. An event comes in, names and values go out. Pure.

use crate::event::Event;

/// The trace of a job: its uid without dashes, which is 32 hexadecimal digits; `None` for the ids of old publishers.
pub fn trace_id(job_id: &str) -> Option<String> {
    let digits: String = job_id.chars().filter(|character| *character != '-').collect();
    (digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit())).then(|| digits.to_ascii_lowercase())
}

/// Header names and values of an event.
pub fn for_event(event: &Event) -> Vec<(&'static str, String)> {
    let id = event.identity();
    let mut headers = vec![
        ("cloudEvents_specversion", "1.0".to_owned()),
        ("cloudEvents_id", id.to_string()),
        ("cloudEvents_type", event.event_type.as_str().to_owned()),
        ("cloudEvents_source", format!("/{}", event.source)),
        ("cloudEvents_subject", event.job_id.clone()),
        ("cloudEvents_time", event.timestamp.to_string()),
    ];
    if let Some(trace) = trace_id(&event.job_id) {
        let span: String = id.simple().to_string().chars().take(16).collect();
        headers.push(("traceparent", format!("00-{trace}-{span}-01")));
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_of_one_job_share_a_trace_and_differ_in_their_span() {
        assert_eq!(
            trace_id("4BF92F35-77B3-4DA6-A3CE-929D0E0E4736").as_deref(),
            Some("4bf92f3577b34da6a3ce929d0e0e4736")
        );
        assert_eq!(trace_id("7"), None);
    }
}
