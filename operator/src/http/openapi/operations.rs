//! A route comes in, its operation object of OpenAPI goes out. Pure.

use serde_json::{Map, Value, json};

use crate::http::routes::Route;

/// The answer with a part of the file, described like that with the whole.
fn part_of(whole: &Value) -> Value {
    let mut part = whole.clone();
    part["description"] = "the bytes that `Range` asks for".into();
    part["headers"]["Content-Range"] = json!({"schema": {"type": "string"}});
    part
}

impl Route {
    const fn summary(self) -> &'static str {
        match self {
            Self::Create => "Ask for a subtitle: an ordinary SubtitleJob is created",
            Self::Status => "How far a job is, from 0 to 100",
            Self::Record => "A job's record; also after its object is gone",
            Self::File => "The subtitle itself",
            Self::Events => "A job's history, newest first",
        }
    }

    /// The permission a caller needs, in the terms of RBAC.
    const fn right(self) -> &'static str {
        match self {
            Self::Create => "`create` on `subtitlejobs` in the namespace",
            _ => "`get` on the subtitlejob",
        }
    }

    fn parameters(self) -> Vec<Value> {
        let parameter = |name: &str, location: &str, description: &str, schema: Value| json!({"name": name, "in": location, "required": location == "path", "description": description, "schema": schema});
        let namespace = json!({"type": "string", "pattern": "^[-a-z0-9]{1,63}$"});
        let create_parameters = || {
            vec![
                parameter(
                    "namespace",
                    "query",
                    "The job's namespace; without it the operator's own",
                    namespace.clone(),
                ),
                parameter("Subtitles-Namespace", "header", "The same; the query takes precedence", namespace.clone()),
                parameter(
                    "Idempotency-Key",
                    "header",
                    "Any text: two requests with the same key and the same body make one job, with another body the second is refused. A key that is a valid name becomes the object's",
                    json!({"type": "string"}),
                ),
            ]
        };
        let id = || parameter("id", "path", "`metadata.uid` of the job", json!({"type": "string", "format": "uuid"}));
        let limit = json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 50});
        match self {
            Self::Create => create_parameters(),
            Self::Events => vec![
                id(),
                parameter("limit", "query", "How many events at most", limit),
                parameter(
                    "continue",
                    "query",
                    "`continue` of the previous response: the events that are older than its last one",
                    json!({"type": "integer", "minimum": 0}),
                ),
            ],
            Self::File => {
                let text = || json!({"type": "string"});
                vec![
                    id(),
                    parameter("Range", "header", "One range of bytes, such as `bytes=0-99`", text()),
                    parameter("If-Range", "header", "Honors `Range` only if the file has this ETag", text()),
                    parameter("If-None-Match", "header", "Sends the file only if it has another ETag", text()),
                ]
            }
            Self::Status | Self::Record => vec![id()],
        }
    }

    /// The successful answer: its status code and its description.
    fn answer(self) -> (&'static str, Value) {
        let json = |schema: Value| json!({"application/json": {"schema": schema}});
        let record = json!({"$ref": "#/components/schemas/Record"});
        let text = json!({"schema": {"type": "string"}});
        let content = match self {
            Self::Create | Self::Record => json(record),
            Self::Status => json(json!({"$ref": "#/components/schemas/Status"})),
            Self::Events => json(json!({"$ref": "#/components/schemas/History"})),
            Self::File => json!({"application/x-subrip": text, "text/vtt": text, "text/x-ssa": text}),
        };
        let mut answer = json!({"description": "what was asked for", "content": content});
        if self == Self::File {
            answer["headers"] = json!({"ETag": {"schema": {"type": "string"}}});
        }
        if self == Self::Create {
            let location = "where the job's record is";
            answer["description"] = "created, or created before with that Idempotency-Key".into();
            answer["headers"] = json!({"Location": {"description": location, "schema": {"type": "string"}}});
        }
        (if self == Self::Create { "201" } else { "200" }, answer)
    }

    const fn errors(self) -> &'static [(&'static str, &'static str)] {
        const NO_TOKEN: (&str, &str) = ("401", "no token, a bad one, or one for another audience");
        const FORBIDDEN: (&str, &str) = ("403", "the caller may not do this here");
        const GUESSES: (&str, &str) = ("429", "too many invalid tokens came from this address");
        const UNKNOWN: (&str, &str) = ("404", "no such job, or nothing of it to show (yet)");
        const AWAY: (&str, &str) =
            ("503", "the Kubernetes API, Redis or the store is away; Retry-After says when to try again");
        match self {
            Self::Create => &[
                NO_TOKEN,
                FORBIDDEN,
                ("408", "the body did not arrive in time"),
                ("413", "the body is too large"),
                ("422", "the body or the namespace is not valid, or the Idempotency-Key was sent with another body"),
                GUESSES,
                AWAY,
            ],
            Self::Events => {
                &[NO_TOKEN, FORBIDDEN, UNKNOWN, ("422", "`limit` or `continue` is not valid"), GUESSES, AWAY]
            }
            Self::File => &[
                NO_TOKEN,
                FORBIDDEN,
                UNKNOWN,
                ("416", "the file has none of the bytes that `Range` asks for; Content-Range says how many it has"),
                GUESSES,
                AWAY,
            ],
            Self::Status | Self::Record => &[NO_TOKEN, FORBIDDEN, UNKNOWN, GUESSES, AWAY],
        }
    }

    /// The operation object of OpenAPI.
    pub(super) fn operation(self) -> Value {
        let mut responses = Map::new();
        let (code, answer) = self.answer();
        if self == Self::File {
            let etag = json!({"ETag": {"schema": {"type": "string"}}});
            responses.insert("206".to_owned(), part_of(&answer));
            responses
                .insert("304".to_owned(), json!({"description": "the caller has this file already", "headers": etag}));
        }
        responses.insert(code.to_owned(), answer);
        for (code, description) in self.errors() {
            let schema = json!({"$ref": "#/components/schemas/Refusal"});
            let mut response = json!({"description": description, "content": {"application/json": {"schema": schema}}});
            let header = match *code {
                "401" => Some("WWW-Authenticate"),
                "416" => Some("Content-Range"),
                "429" | "503" => Some("Retry-After"),
                _ => None,
            };
            if let Some(header) = header {
                response["headers"] = json!({header: {"schema": {"type": "string"}}});
            }
            responses.insert((*code).to_owned(), response);
        }
        let mut operation = json!({
            "operationId": format!("{self:?}").to_lowercase(),
            "summary": self.summary(),
            "description": format!("Needs {}.", self.right()),
            "parameters": self.parameters(),
            "responses": responses,
        });
        if self == Self::Create {
            let schema = json!({"$ref": "#/components/schemas/Request"});
            operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema}}});
        }
        operation
    }
}
