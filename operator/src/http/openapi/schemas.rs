//! The schemas of the requests and responses of the HTTP API, generated from their types if they have one. Pure.

use schemars::{JsonSchema, schema_for};
use serde_json::{Value, json};
use subtitle_contract::{phase::Phase, record::Record};

use crate::http::handlers::create::Request;

fn schema<T: JsonSchema>() -> Value {
    let mut schema = schema_for!(T).to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
        schema.remove("title");
    }
    schema
}

/// The schemas by the names that operations refer to.
pub(super) fn schemas() -> Value {
    let wire = |phase: &Phase| phase.wire_status(subtitle_contract::phase::Step::Download);
    let mut statuses: Vec<&str> = Phase::ALL.iter().map(wire).collect();
    statuses.sort_unstable();
    statuses.dedup();
    json!({
        "Request": schema::<Request>(),
        "Record": schema::<Record>(),
        "Status": {
            "type": "object",
            "required": ["id", "status", "progress", "message", "reason", "next_attempt_at"],
            "properties": {
                "id": {"type": "string"},
                "status": {"type": "string", "enum": statuses},
                "progress": {"type": "integer", "minimum": 0, "maximum": 100},
                "message": {"type": ["string", "null"], "description": "The last error, or what the job waits for."},
                "reason": {"type": ["string", "null"], "description": "One of the reasons of `status.reason`."},
                "next_attempt_at": {"type": ["string", "null"], "format": "date-time"},
            },
        },
        "History": {
            "type": "object",
            "required": ["job_id", "event_count", "total", "continue", "events"],
            "properties": {
                "job_id": {"type": "string"},
                "event_count": {"type": "integer", "description": "Events in this answer."},
                "total": {"type": "integer", "description": "Events in the whole history."},
                "continue": {"type": ["integer", "null"], "description": "The parameter `continue` for older events; null at the end."},
                "events": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}},
            },
        },
        "Event": {
            "type": "object",
            "description": "As it was published; fields that are not named here are kept.",
            "required": ["event_type", "job_id", "timestamp", "source", "payload"],
            "properties": {
                "id": {"type": ["string", "null"]},
                "event_type": {"type": "string", "description": "Such as `subtitle.ready`."},
                "job_id": {"type": "string"},
                "timestamp": {"type": "string", "format": "date-time"},
                "source": {"type": "string", "description": "`manager`, `downloader`, `translator` or `consumer`."},
                "attempt": {"type": ["integer", "null"]},
                "namespace": {"type": ["string", "null"]},
                "name": {"type": ["string", "null"]},
                "payload": {},
                "metadata": {},
            },
        },
        "Refusal": {
            "type": "object",
            "required": ["detail", "code"],
            "properties": {
                "detail": {"type": "string", "description": "What happened and what to do."},
                "code": {"type": "string", "description": "The same for the same kind of error."},
            },
        },
    })
}
