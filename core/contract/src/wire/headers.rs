//! AMQP headers of an event: CloudEvents attributes (AMQP protocol binding, `cloudEvents_` prefix) and W3C trace
//! context. Pure.

use crate::event::Event;

/// The trace of a job: its uid without dashes, which is 32 hexadecimal digits; `None` for ids of legacy publishers.
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
    use crate::payload::{Subject, TranslateStarted};

    #[test]
    fn events_of_one_job_share_a_trace_and_differ_in_their_span() {
        let job_id = "4bf92f35-77b3-4da6-a3ce-929d0e0e4736".to_owned();
        let traceparent = |attempt| {
            let (namespace, name) = ("default".to_owned(), "harbour".to_owned());
            let subject = Subject { job_id: job_id.clone(), namespace, name, attempt };
            let started = TranslateStarted { worker: "translator-0".to_owned() };
            let headers = for_event(&Event::new(&subject, "translator", jiff::Timestamp::UNIX_EPOCH, &started));
            headers.into_iter().find(|(name, _)| *name == "traceparent").expect("has a traceparent").1
        };
        let (first, second) = (traceparent(1), traceparent(2));
        assert_ne!(first, second);
        for header in [first, second] {
            assert!(header.starts_with("00-4bf92f3577b34da6a3ce929d0e0e4736-"), "{header}");
        }
    }

    #[test]
    fn only_a_uid_is_a_trace_id() {
        assert_eq!(
            trace_id("4BF92F35-77B3-4DA6-A3CE-929D0E0E4736").as_deref(),
            Some("4bf92f3577b34da6a3ce929d0e0e4736")
        );
        assert_eq!(trace_id("7"), None);
    }
}
