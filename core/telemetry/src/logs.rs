//! Structured logs: one JSON object per line, to standard error. Called once by each program. Does I/O.

use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter,
    filter::filter_fn,
    fmt::{self, MakeWriter},
    layer::Layer as _,
    prelude::*,
};

/// kube's client, which logs the whole answer of the API server where it cannot decode it: objects of every tenant.
const LOGS_BODIES: &str = "kube_client::client";

/// RabbitMQ's client, which logs as an error of its own each one that it returns to its caller, such as the answer that a
/// queue does not exist yet. Where that matters, the caller logs it.
const REPEATS_ERRORS: &str = "lapin::channel";

/// Starts to log what `RUST_LOG` selects; without it, `info` and above. Bodies are never logged, whatever it selects, and the
/// errors that RabbitMQ's client returns as well as logs only if it names `lapin`.
pub fn init() {
    let selected = EnvFilter::try_from_default_env().unwrap_or_else(|_| "info".into());
    lines(selected, std::io::stderr).init();
}

fn lines<W>(selected: EnvFilter, writer: W) -> impl Subscriber
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let repeats = !selected.to_string().contains("lapin");
    let wanted = filter_fn(move |metadata| {
        metadata.is_span() || (metadata.target() != LOGS_BODIES && !(repeats && metadata.target() == REPEATS_ERRORS))
    });
    tracing_subscriber::registry().with(selected).with(fmt::layer().json().with_writer(writer).with_filter(wanted))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[test]
    fn what_kubes_client_logs_of_an_answer_is_not_written_whatever_is_selected() {
        let written = Arc::new(Mutex::new(Vec::new()));
        let logs = written.clone();
        let writer = move || Sink(logs.clone());
        tracing::subscriber::with_default(lines("trace,kube_client=trace".into(), writer), || {
            tracing::warn!(target: "kube_client::client", "https://films/?signature=secret");
            tracing::warn!(target: "subtitle_operator", "a line");
        });
        let written = String::from_utf8(written.lock().expect("not poisoned").clone()).expect("text");
        assert!(written.contains("a line") && !written.contains("secret"), "{written}");
    }

    #[test]
    fn what_rabbitmqs_client_returns_is_no_error_of_its_own_unless_it_is_selected() {
        let written = |selected: &str| {
            let written = Arc::new(Mutex::new(Vec::new()));
            let logs = written.clone();
            tracing::subscriber::with_default(lines(selected.into(), move || Sink(logs.clone())), || {
                tracing::error!(target: "lapin::channel", "Channel closed");
            });
            String::from_utf8(written.lock().expect("not poisoned").clone()).expect("text")
        };
        assert_eq!(written("info"), "");
        assert!(written("info,lapin=warn").contains("Channel closed"));
    }

    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().expect("not poisoned").extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
}
