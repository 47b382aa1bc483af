//! Metrics and probes: `GET /metrics`, `/healthz` (the process runs, whatever it depends on) and `/readyz` (it can do its work,
//! or why not). Called by the workers; the operator merges its own routes. Does I/O.

use std::{fmt, net::SocketAddr, str::FromStr, sync::Arc};

use axum::{
    Router,
    http::{StatusCode, header::CONTENT_TYPE},
    routing::get,
};

use crate::Registry;

/// The value of `--metrics-listen`: an address and a port, or `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Listen(pub Option<SocketAddr>);

/// The string is neither an address with a port nor `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected an address and a port such as 0.0.0.0:8081, or none")]
pub struct InvalidListen;

impl FromStr for Listen {
    type Err = InvalidListen;

    fn from_str(text: &str) -> Result<Self, InvalidListen> {
        if text == "none" {
            return Ok(Self(None));
        }
        text.parse().map(|address| Self(Some(address))).map_err(|_| InvalidListen)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => address.fmt(formatter),
            None => formatter.write_str("none"),
        }
    }
}

/// The content type of [`Registry::text`].
pub const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The three routes; the error of `ready` tells why this process is not ready.
pub fn router<R>(registry: Arc<Registry>, ready: R) -> Router
where
    R: Fn() -> Result<(), String> + Clone + Send + Sync + 'static,
{
    let metrics = || async move { ([(CONTENT_TYPE, OPEN_METRICS)], registry.text()) };
    let readiness = || async move {
        match ready() {
            Ok(()) => (StatusCode::OK, "ready\n".to_owned()),
            Err(why) => (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {why}\n")),
        }
    };
    Router::new()
        .route("/metrics", get(metrics))
        .route("/healthz", get(|| async { "running\n" }))
        .route("/readyz", get(readiness))
}

/// Serves until the process exits. If it cannot listen, it only logs a warning: the process works without metrics.
pub async fn serve(listen: Listen, router: Router) {
    let Some(address) = listen.0 else { return };
    let listener = match tokio::net::TcpListener::bind(address).await {
        Ok(listener) => listener,
        Err(error) => {
            let hint = "choose another address with --metrics-listen, or none";
            tracing::warn!(%address, %error, hint, "failed to listen: this process serves no metrics and no health");
            return;
        }
    };
    tracing::info!(%address, "serving metrics and health");
    if let Err(error) = axum::serve(listener, router).await {
        tracing::warn!(%address, %error, "this process no longer serves metrics and health");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use axum::{body::Body, http::Request};
    use tower::ServiceExt as _;

    use super::*;

    async fn get_page(router: &Router, path: &str) -> (StatusCode, String) {
        let request = Request::get(path).body(Body::empty()).expect("a request");
        let response = router.clone().oneshot(request).await.expect("an answer");
        let status = response.status();
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.expect("a body");
        (status, String::from_utf8(body.to_vec()).expect("UTF-8"))
    }

    #[tokio::test]
    async fn liveness_does_not_depend_on_readiness() {
        let is_ready = Arc::new(AtomicBool::new(false));
        let shared = is_ready.clone();
        let ready = move || if shared.load(Ordering::Relaxed) { Ok(()) } else { Err("no session".to_owned()) };
        let router = router(Arc::new(Registry::new("test", "1")), ready);
        assert_eq!(
            get_page(&router, "/readyz").await,
            (StatusCode::SERVICE_UNAVAILABLE, "not ready: no session\n".to_owned())
        );
        assert_eq!(get_page(&router, "/healthz").await.0, StatusCode::OK);
        is_ready.store(true, Ordering::Relaxed);
        assert_eq!(get_page(&router, "/readyz").await.0, StatusCode::OK);
        let (status, text) = get_page(&router, "/metrics").await;
        assert!(
            status == StatusCode::OK && text.contains("subtitle_build_info") && text.ends_with("# EOF\n"),
            "{text}"
        );
    }

    #[test]
    fn listen_is_an_address_with_a_port_or_none() {
        assert_eq!("none".parse(), Ok(Listen(None)));
        assert_eq!(
            "127.0.0.1:8081".parse::<Listen>().map(|listen| listen.to_string()),
            Ok("127.0.0.1:8081".to_owned())
        );
        assert!("8081".parse::<Listen>().is_err_and(|error| error.to_string().contains("0.0.0.0:8081")));
    }
}
