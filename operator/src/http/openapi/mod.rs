//! The description of the HTTP API (OpenAPI 3.1), built from the routes and types themselves. `subtitle-operator openapi`
//! prints it, and the committed copy is compared with it. Pure.

mod operations;
mod schemas;

use serde_json::{Map, Value, json};

use super::{health, routes::Route};

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
            Executor, Files, Servers,
            kube::KubeCluster,
            redis::{RedisAddress, RedisRecords},
            reviews::Reviews,
        },
        http::{auth::Auth, routes::router, state::HttpState},
        metrics::Metrics,
    };

    /// The API over servers that cannot be reached.
    fn unreachable() -> axum::Router {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let nowhere = kube::Config::new("http://127.0.0.1:1".parse().expect("a URL"));
        let client = kube::Client::try_from(nowhere).expect("a client");
        let reviews = Box::new(Reviews::new(client.clone(), vec!["subtitle-operator".into()]));
        let records =
            RedisRecords::open(RedisAddress::from_url("redis://127.0.0.1:1/"), KeyStyle::Plain).expect("a URL");
        let files = Files::new(Store::open(&"memory:".parse().expect("a URL")).expect("opens"));
        let cluster = Arc::new(KubeCluster::new(client.clone(), reflector::store().0));
        let servers = Servers { cluster, records: Arc::new(records), files: files.clone() };
        router(HttpState {
            executor: Arc::new(Executor::new(servers, Metrics::new("test", 1).1)),
            client,
            namespace: "default".into(),
            watched: Arc::new([]),
            files,
            auth: Arc::new(Auth::Kubernetes { reviews, audience: "subtitle-operator".into() }),
        })
    }

    async fn code(method: &str, path: &str, token: Option<&str>) -> u16 {
        let mut request = Request::builder().method(method.to_uppercase().as_str()).uri(path.replace("{id}", "x"));
        if let Some(token) = token {
            request = request.header("authorization", token);
        }
        let request = request.body(Body::empty()).expect("a request");
        unreachable().oneshot(request).await.expect("an answer").status().as_u16()
    }

    #[tokio::test]
    async fn every_described_route_exists_needs_a_token_and_answers_503_when_no_server_can_review_it() {
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
        assert_eq!(code("get", "/subtitles", None).await, 404, "a route that is not described does not exist");
    }
}
