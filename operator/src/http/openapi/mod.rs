//! The description of the HTTP API (OpenAPI 3.1), built from the routes and types themselves. `subtitle-operator openapi`
//! prints it, and the committed copy is compared with it. Pure.

mod operations;
mod schemas;
mod served;

use serde_json::{Map, Value, json};

pub use served::router as served;

use super::{health, routes::Route};

/// The paths at which the description itself is served, with what they are.
const PATHS: [(&str, &str); 2] =
    [("/openapi.json", "This description, as OpenAPI 3.1"), ("/docs", "This description, as a page")];

/// The whole document.
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
                "Whether it can accept and answer requests",
                json!({"200": text("it can"), "503": text("it cannot yet")}),
            ),
            "/metrics" => ("Metrics, as OpenMetrics text", json!({"200": text("the metrics")})),
            _ => ("Whether it runs", json!({"200": text("it does")})),
        };
        paths.insert(path.to_owned(), json!({"get": {"summary": summary, "security": [], "responses": responses}}));
    }
    for (path, summary) in PATHS {
        let responses = json!({"200": {"description": "the description"}});
        paths.insert(path.to_owned(), json!({"get": {"summary": summary, "security": [], "responses": responses}}));
    }
    let token = "a token for one of the operator's audiences: `kubectl create token NAME --audience subtitle-operator`";
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Subtitles",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Jobs created and read over HTTP. A caller may do what Kubernetes allows them to.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": token}},
            "schemas": schemas::schemas(),
        },
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{body::Body, http::Request};
    use kube::runtime::reflector;
    use subtitle_contract::keys::KeyStyle;
    use subtitle_store::Store;
    use tower::ServiceExt as _;

    use super::*;
    use crate::{
        act::{
            Executor, Files, PolicyServers, Servers,
            kube::{KubeCluster, KubePolicies},
            redis::{RedisAddress, RedisRecords},
            reviews::Reviews,
        },
        http::{
            auth::Auth,
            routes::{router, with_cors},
            state::HttpState,
        },
        metrics::Metrics,
    };

    /// The API over servers that cannot be reached.
    fn unreachable(is_open: bool) -> axum::Router {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let nowhere = kube::Config::new("http://127.0.0.1:1".parse().expect("a URL"));
        let client = kube::Client::try_from(nowhere).expect("a client");
        let reviews = Box::new(Reviews::new(client.clone(), vec!["subtitle-operator".into()]));
        let records =
            RedisRecords::open(RedisAddress::from_url("redis://127.0.0.1:1/"), KeyStyle::Plain).expect("a URL");
        let files = Files::new(Store::open(&"memory:".parse().expect("a URL")).expect("opens"));
        let cluster = Arc::new(KubeCluster::new(client.clone(), reflector::store().0));
        let records = Arc::new(records);
        let policies = Arc::new(PolicyServers::new(KubePolicies::new(client.clone(), vec![]), records.clone()));
        let servers = Servers { cluster, records, policies, files: files.clone() };
        let kubernetes = Auth::Kubernetes { reviews, audience: "subtitle-operator".into() };
        let routes = router(HttpState {
            executor: Arc::new(Executor::new(servers, Metrics::new("test", 1).1)),
            client,
            namespace: "default".into(),
            watched: Arc::new([]),
            files,
            auth: Arc::new(if is_open { Auth::Open } else { kubernetes }),
        });
        routes.merge(served())
    }

    async fn answer(method: &str, path: &str) -> (u16, Option<String>, Value) {
        let request = Request::builder().method(method).uri(path);
        let response =
            unreachable(true).oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        let allowed = response.headers().get("allow").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let code = response.status().as_u16();
        let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.expect("a body");
        (code, allowed, serde_json::from_slice(&body).unwrap_or_default())
    }

    #[tokio::test]
    async fn every_refusal_is_json_and_options_name_the_methods() {
        let id = "/subtitles/0c1d2e3f-0000-4000-8000-000000000001";
        let wrong_method = answer("DELETE", id).await;
        assert_eq!((wrong_method.0, wrong_method.1.as_deref()), (405, Some("GET,HEAD")));
        assert_eq!(wrong_method.2["code"], "MethodNotAllowed");
        let options = answer("OPTIONS", "/subtitles/download").await;
        assert_eq!((options.0, options.1.as_deref(), options.2), (204, Some("POST"), Value::Null));
        for (path, code) in [
            ("/subtitles/%ff", 404),
            ("/nothing", 404),
            (&format!("{id}/events?limit=1&limit=2"), 422),
            (&format!("{id}/events?limit=0"), 422),
            (&format!("{id}/events?continue=-1"), 422),
        ] {
            let refused = answer("GET", path).await;
            assert_eq!(refused.0, code, "{path}: {}", refused.2);
            assert!(refused.2["detail"].is_string() && refused.2["code"].is_string(), "{path}: {}", refused.2);
        }
        assert_eq!(answer("GET", "/openapi.json").await.2, description());
    }

    #[tokio::test]
    async fn only_named_origins_may_call_the_api_from_a_page() {
        let origin = "https://films.example";
        let router = with_cors(unreachable(true), vec![origin.parse().expect("an origin")]);
        for (sender, allowed) in [(origin, Some(origin)), ("https://other.example", None)] {
            let preflight = Request::builder().method("OPTIONS").uri("/subtitles/download").header("origin", sender);
            let preflight = preflight.header("access-control-request-method", "POST").body(Body::empty());
            let response = router.clone().oneshot(preflight.expect("a request")).await.expect("an answer");
            let header = response.headers().get("access-control-allow-origin").and_then(|value| value.to_str().ok());
            assert_eq!((response.status().as_u16(), header), (200, allowed));
        }
    }

    async fn code(method: &str, path: &str, token: Option<&str>) -> u16 {
        let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(path.replace("{id}", "x"));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let request = request.body(Body::empty()).expect("a request");
        unreachable(false).oneshot(request).await.expect("an answer").status().as_u16()
    }

    #[tokio::test]
    async fn every_described_route_exists_needs_a_token_and_answers_503_when_no_server_can_review_it() {
        let description = description();
        let paths = description["paths"].as_object().expect("paths");
        assert_eq!(paths.len(), Route::ALL.len() + health::PATHS.len() + PATHS.len());
        for route in Route::ALL {
            let operation = &paths[route.path()][route.method()];
            for code in ["401", "403", "503"] {
                assert!(operation["responses"][code].is_object(), "{route:?} {code}");
            }
            assert_eq!(code(route.method(), route.path(), None).await, 401, "{route:?}");
            assert_eq!(code(route.method(), route.path(), Some("Basic YTpi")).await, 401, "{route:?}");
            assert_eq!(code(route.method(), route.path(), Some("Bearer abc")).await, 503, "{route:?}");
        }
        assert_eq!(code("get", "/subtitles", None).await, 404, "a route that is not described does not exist");
    }
}
