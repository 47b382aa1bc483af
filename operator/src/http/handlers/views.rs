//! Builds the JSON responses of the HTTP API from records and events. Pure.

use serde_json::{Value, json};
use subtitle_contract::{job::SubtitleJobStatus, lenient::Lenient, phase::Phase};

/// The response of `GET /subtitles/status/{id}`. `progress` is 0 to 100: half for finding, half for translating.
pub(super) fn status(id: &str, record: &Value, status: &SubtitleJobStatus) -> Value {
    let progress = match record["status"].as_str().and_then(Phase::from_wire_status) {
        Some(Phase::Done | Phase::Failed) => 100,
        Some(Phase::TranslateInProgress) => {
            50 + status
                .cues
                .as_ref()
                .map_or(0, |cues| (u64::from(cues.done) * 50 / u64::from(cues.total.max(1))).min(50))
        }
        Some(Phase::TranslateQueued) => 50,
        Some(Phase::DownloadInProgress) => 25,
        _ => 0,
    };
    let meaning = || status.reason.as_ref().and_then(Lenient::known).map(|reason| reason.meaning().trim().to_owned());
    let message = status.message.clone().or_else(meaning);
    let next_attempt = status.next_attempt_time.as_ref().map(|time| time.0);
    json!({
        "id": id,
        "status": record["status"],
        "progress": progress,
        "message": message,
        "reason": status.reason,
        "next_attempt_at": next_attempt,
    })
}

/// The response of `GET /subtitles/{id}/events`: the events in the given order, of which the first is the `position`-th of
/// `total`, counted from the oldest.
pub(super) fn history(id: &str, texts: &[String], position: usize, total: usize) -> Value {
    let events: Vec<Value> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
    let older = position.saturating_sub(texts.len());
    let next = (older > 0).then_some(older);
    json!({"job_id": id, "event_count": events.len(), "total": total, "continue": next, "events": events})
}

/// The key of the newest result among a job's events, which are newest first.
pub(super) fn newest_result_key(events: &[String]) -> Option<String> {
    let key = |text: &String| -> Option<String> {
        let event: Value = serde_json::from_str(text).ok()?;
        event["payload"]["result"]["key"].as_str().map(str::to_owned)
    };
    events.iter().find_map(key)
}
