//! The record of a deleted job, from its history: when Redis was emptied, the history is read again from the stream, and the
//! record has no object that it could be projected from. Called by the HTTP API. Pure.

use serde_json::Value;
use subtitle_contract::{
    event::{Event, EventType},
    phase::{Phase, Step},
    reason::Reason,
    record::Record,
};

fn field<'a>(event: &'a Event, key: &str) -> &'a Value {
    event.payload.get(key).unwrap_or(&Value::Null)
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}

/// The record that the events, the oldest first, add up to; `None` if no event names the job's object.
pub fn past_record(id: &str, events: &[Event]) -> Option<Record> {
    let located = events.iter().rev().find(|event| event.namespace.is_some() && event.name.is_some())?;
    let task = events.iter().find(|event| event.event_type == EventType::DownloadRequested);
    let asked = |key: &str| task.map_or(&Value::Null, |task| field(task, key));
    let translates = asked("spec")["translation"]["policy"] == "Always";
    let from = text(&asked("spec")["translation"]["from"][0]).filter(|_| translates);
    let wanted = text(asked("language")).unwrap_or_default();
    let result = events.iter().rev().find(|event| matches!(event.event_type, EventType::Ready | EventType::Translated));
    let failure = events.iter().rev().find(|event| event.event_type == EventType::Failed);
    let status = if result.is_some() { Phase::Done } else { Phase::Failed };
    let deleted = || (Some(Reason::Deleted.as_str().to_owned()), Some(Reason::Deleted.meaning().trim().to_owned()));
    let (reason, error_message) = match (result, failure) {
        (Some(found), _) if found.event_type == EventType::Ready => (Some(Reason::SubtitleFound.to_string()), None),
        (Some(_), _) => (Some(Reason::SubtitleTranslated.to_string()), None),
        // Any later event is of another attempt, which did not finish.
        (None, Some(failed)) if events.last() == Some(failed) => {
            (text(field(failed, "reason")), text(field(failed, "error_message")))
        }
        (None, _) => deleted(),
    };
    let first = events.first()?;
    let last = events.last()?;
    Some(Record {
        id: id.to_owned(),
        namespace: located.namespace.clone()?,
        name: located.name.clone()?,
        video_url: text(asked("video_url")).unwrap_or_default(),
        video_title: text(asked("video_title")).unwrap_or_default(),
        language: from.clone().unwrap_or_else(|| wanted.clone()),
        target_language: from.map(|_| wanted),
        preferred_sources: asked("preferred_sources").as_array().into_iter().flatten().filter_map(text).collect(),
        status: status.wire_status(Step::Download).to_owned(),
        source: Some(last.source.clone()),
        attempt: events.iter().filter_map(|event| event.attempt).max().unwrap_or(1),
        revision: 0,
        created_at: first.timestamp,
        updated_at: last.timestamp,
        reason,
        candidates: result.or(failure).and_then(|event| field(event, "candidates").as_array()).map_or(0, Vec::len),
        error_message,
        download_url: result.and_then(|event| text(field(event, "download_url"))),
        warnings: Vec::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn event(event_type: &str, second: u32, payload: &Value) -> Event {
        let event = json!({
            "event_type": event_type, "job_id": "u", "timestamp": format!("2026-01-31T20:00:{second:02}Z"),
            "source": "downloader", "payload": payload, "metadata": {}, "attempt": 2, "namespace": "films", "name": "harbour",
        });
        Event::decode(event.to_string().as_bytes()).expect("an event")
    }

    #[test]
    fn a_deleted_job_is_what_its_last_events_say() {
        let asked = event(
            "subtitle.download.requested",
            0,
            &json!({
                "video_url": "a.mkv", "video_title": "Harbour", "language": "es", "preferred_sources": ["subdl"],
                "spec": {"translation": {"policy": "Always", "from": ["en"]}},
            }),
        );
        let found = event("subtitle.ready", 9, &json!({"download_url": "http://a/file", "candidates": [{}, {}]}));
        let failed = event("job.failed", 5, &json!({"error_message": "it broke", "reason": "NoSubtitleFound"}));
        let record = past_record("u", &[asked.clone(), failed.clone(), found]).expect("a record");
        assert_eq!((record.status.as_str(), record.download_url.as_deref()), ("DONE", Some("http://a/file")));
        assert_eq!((record.language.as_str(), record.target_language.as_deref()), ("en", Some("es")));
        assert_eq!((record.namespace.as_str(), record.name.as_str(), record.attempt), ("films", "harbour", 2));
        assert_eq!((record.candidates, record.preferred_sources), (2, vec!["subdl".to_owned()]));
        assert_eq!(record.updated_at.duration_since(record.created_at).as_secs(), 9);

        let record = past_record("u", &[asked.clone(), failed]).expect("a record");
        assert_eq!((record.status.as_str(), record.error_message.as_deref()), ("FAILED", Some("it broke")));
        let record = past_record("u", &[asked]).expect("a record");
        assert_eq!((record.status.as_str(), record.reason.as_deref()), ("FAILED", Some("Deleted")));
        assert_eq!(past_record("u", &[]), None);
    }
}
