//! The description of the HTTP API (OpenAPI 3.1), made from the routes and types themselves; `subtitle-operator openapi`
//! prints it, and the committed copy is held against it. Pure.

use schemars::{JsonSchema, schema_for};
use serde_json::{Map, Value, json};
use subtitle_contract::{phase::Phase, record::Record};

use super::{Route, create::Body, health};

impl Route {
    pub(super) const fn method(self) -> &'static str {
        match self {
            Self::Create => "post",
            _ => "get",
        }
    }

    const fn summary(self) -> &'static str {
        match self {
            Self::Create => "Ask for a subtitle: an ordinary SubtitleJob is created",
            Self::Status => "How far a job is, from 0 to 100",
            Self::Record => "A job's record; also after its object is gone",
            Self::File => "The subtitle itself",
            Self::Events => "A job's history, newest first",
        }
    }

    /// What a caller must be allowed, as RBAC says it.
    const fn right(self) -> &'static str {
        match self {
            Self::Create => "`create` on `subtitlejobs` in the namespace",
            _ => "`get` on the subtitlejob",
        }
    }

    fn parameters(self) -> Vec<Value> {
        let parameter = |name: &str, place: &str, description: &str, schema: Value| json!({"name": name, "in": place, "required": place == "path", "description": description, "schema": schema});
        let namespace = json!({"type": "string", "pattern": "^[-a-z0-9]{1,63}$"});
        let of_create = || {
            vec![
                parameter("namespace", "query", "Where the job goes; the operator's own without it", namespace.clone()),
                parameter("Subtitles-Namespace", "header", "The same; the query comes first", namespace.clone()),
                parameter(
                    "Idempotency-Key",
                    "header",
                    "Becomes the object's name: asked twice with the same, there is one job",
                    json!({"type": "string", "maxLength": 253}),
                ),
            ]
        };
        let id = || parameter("id", "path", "`metadata.uid` of the job", json!({"type": "string"}));
        let limit = json!({"type": "integer", "minimum": 1, "maximum": 500, "default": 50});
        match self {
            Self::Create => of_create(),
            Self::Events => vec![id(), parameter("limit", "query", "At most so many", limit)],
            Self::Status | Self::Record | Self::File => vec![id()],
        }
    }

    /// The answer when all is well: its code, what it is, its content.
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
        let mut answer = json!({"description": "as asked", "content": content});
        if self == Self::Create {
            let location = "where the job's record is";
            answer["description"] = "created, or there already under that Idempotency-Key".into();
            answer["headers"] = json!({"Location": {"description": location, "schema": {"type": "string"}}});
        }
        (if self == Self::Create { "201" } else { "200" }, answer)
    }

    const fn refusals(self) -> &'static [(&'static str, &'static str)] {
        const NO_TOKEN: (&str, &str) = ("401", "no token, a bad one, or one for another audience");
        const FORBIDDEN: (&str, &str) = ("403", "who asks may not do this here");
        const UNKNOWN: (&str, &str) = ("404", "no such job, or nothing of it to show (yet)");
        const AWAY: (&str, &str) =
            ("503", "the Kubernetes API, Redis or the store is away; Retry-After says when to come again");
        match self {
            Self::Create => &[NO_TOKEN, FORBIDDEN, ("422", "the body or the namespace is not as it should be"), AWAY],
            Self::Events => &[NO_TOKEN, FORBIDDEN, UNKNOWN, ("422", "the limit is none"), AWAY],
            Self::Status | Self::Record | Self::File => &[NO_TOKEN, FORBIDDEN, UNKNOWN, AWAY],
        }
    }

    fn operation(self) -> Value {
        let mut responses = Map::new();
        let (code, answer) = self.answer();
        responses.insert(code.to_owned(), answer);
        for (code, description) in self.refusals() {
            let schema = json!({"$ref": "#/components/schemas/Refusal"});
            let mut response = json!({"description": description, "content": {"application/json": {"schema": schema}}});
            let header = match *code {
                "401" => Some("WWW-Authenticate"),
                "503" => Some("Retry-After"),
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

fn schema<T: JsonSchema>() -> Value {
    let mut schema = schema_for!(T).to_value();
    if let Some(schema) = schema.as_object_mut() {
        schema.remove("$schema");
        schema.remove("title");
    }
    schema
}

fn schemas() -> Value {
    let wire = |phase: &Phase| phase.wire_status(subtitle_contract::phase::Step::Download);
    let mut statuses: Vec<&str> = Phase::ALL.iter().map(wire).collect();
    statuses.sort_unstable();
    statuses.dedup();
    json!({
        "Request": schema::<Body>(),
        "Record": schema::<Record>(),
        "Status": {
            "type": "object",
            "required": ["id", "status", "progress", "message"],
            "properties": {
                "id": {"type": "string"},
                "status": {"type": "string", "enum": statuses},
                "progress": {"type": "integer", "minimum": 0, "maximum": 100},
                "message": {"type": ["string", "null"]},
            },
        },
        "History": {
            "type": "object",
            "required": ["job_id", "event_count", "total", "events"],
            "properties": {
                "job_id": {"type": "string"},
                "event_count": {"type": "integer", "description": "Events in this answer."},
                "total": {"type": "integer", "description": "Events there are."},
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
                "code": {"type": "string", "description": "The same for the same kind of refusal."},
            },
        },
    })
}

/// The description as OpenAPI 3.1.
pub fn description() -> Value {
    let mut paths = Map::new();
    for route in Route::ALL {
        let path = paths.entry(route.path()).or_insert_with(|| json!({}));
        path[route.method()] = route.operation();
    }
    for path in health::PATHS {
        let text = |description: &str| json!({"description": description});
        let (summary, responses) = match path {
            "/readyz" => (
                "Whether it can take and answer requests",
                json!({"200": text("it can"), "503": text("it cannot yet")}),
            ),
            "/metrics" => ("Numbers, as OpenMetrics text", json!({"200": text("the numbers")})),
            _ => ("Whether it runs", json!({"200": text("it does")})),
        };
        paths.insert(path.to_owned(), json!({"get": {"summary": summary, "security": [], "responses": responses}}));
    }
    let token = "a token for one of the operator's audiences: `kubectl create token NAME --audience subtitle-operator`";
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Subtitles",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Jobs asked for and read over HTTP. What a caller may do is what Kubernetes allows them.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": token}},
            "schemas": schemas(),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{body::Body, http::Request};
    use kube::runtime::reflector;
    use subtitle_contract::keys::KeyStyle;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        act::{
            cluster::KubeCluster,
            ledger::{RedisAddress, RedisLedger},
            reviews::Reviews,
        },
        api::{Guard, Shared, router},
    };

    /// The API over servers that are not there.
    fn alone() -> axum::Router {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let nowhere = kube::Config::new("http://127.0.0.1:1".parse().expect("a URL"));
        let client = kube::Client::try_from(nowhere).expect("a client");
        let reviews = Box::new(Reviews::new(client.clone(), vec!["subtitle-operator".into()]));
        let ledger = RedisLedger::open(RedisAddress::url("redis://127.0.0.1:1/"), KeyStyle::Plain).expect("a URL");
        router(Shared {
            jobs: Arc::new(KubeCluster::new(client.clone(), reflector::store().0)),
            ledger: Arc::new(ledger),
            client,
            namespace: "default".into(),
            watched: Arc::new([]),
            files: subtitle_store::Store::open(&"memory:".parse().expect("a URL")).expect("opens"),
            guard: Arc::new(Guard::Kubernetes { reviews, audience: "subtitle-operator".into() }),
        })
    }

    async fn code(method: &str, path: &str, token: Option<&str>) -> u16 {
        let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(path.replace("{id}", "x"));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let request = request.body(Body::empty()).expect("a request");
        alone().oneshot(request).await.expect("an answer").status().as_u16()
    }

    #[tokio::test]
    async fn every_described_route_exists_asks_who_is_there_and_says_503_when_nobody_can_tell() {
        let description = description();
        let paths = description["paths"].as_object().expect("paths");
        assert_eq!(paths.len(), Route::ALL.len() + health::PATHS.len());
        for route in Route::ALL {
            let operation = &paths[route.path()][route.method()];
            for code in ["401", "403", "503"] {
                assert!(operation["responses"][code].is_object(), "{route:?} {code}");
            }
            assert_eq!(code(route.method(), route.path(), None).await, 401, "{route:?}");
            assert_eq!(code(route.method(), route.path(), Some("Basic YTpi")).await, 401, "{route:?}");
            assert_eq!(code(route.method(), route.path(), Some("Bearer abc")).await, 503, "{route:?}");
        }
        assert_eq!(code("get", "/subtitles", None).await, 404, "what is not described is not there");
    }
}
