//! The mock mode of `--broker=none`: one task comes in from a file or from standard input, and its events go to the log instead
//! of RabbitMQ. Everything else is done as always: sources and engines are asked, the result is stored. Does I/O.

use std::{fs::File, io::Read as _, path::Path, sync::Arc};

use anyhow::{Context as _, Result, bail};
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::SystemRuntime;
use subtitle_contract::{
    event::{Event, MAX_BODY_BYTES},
    reason::Reason,
};

use crate::{
    metrics::WorkerMetrics,
    store::Store,
    task::{DeliveredTask, TaskContext, Work, WorkerIdentity, handle},
};

/// Logs what would be published.
struct LoggedEvents;

impl PublishWriter for LoggedEvents {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        let body = serde_json::to_string(event).unwrap_or_default();
        tracing::info!(event = body, mock = true, "NOT published, because of --broker=none");
        Ok(())
    }

    async fn dead_letter(&self, _: &str, _: &[u8], reason: Reason, message: &str) -> Result<(), BrokerError> {
        tracing::error!(%reason, message, mock = true, "NOT dead-lettered, because of --broker=none");
        Ok(())
    }
}

/// Does the task in `file`, or on standard input.
pub(super) async fn perform<W: Work>(
    work: &W,
    file: Option<&Path>,
    (store, identity, metrics): (Store, WorkerIdentity, WorkerMetrics),
) -> Result<()> {
    tracing::warn!("--broker=none: one task is done, and its events are only logged");
    let body = read(file)?;
    let context = TaskContext::new(Arc::new(LoggedEvents), store, SystemRuntime::default(), identity, metrics);
    let task = DeliveredTask { routing_key: W::QUEUE, body: &body, delivery_count: 0 };
    let settlement = handle(work, &context, task).await.context("failed to do the task")?;
    tracing::info!(?settlement, "the task is done");
    Ok(())
}

fn read(file: Option<&Path>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    let file = file.filter(|file| *file != Path::new("-")).unwrap_or(Path::new("/dev/stdin"));
    let name = format!("'{}'", file.display());
    let input = File::open(file).with_context(|| format!("failed to open {name}"))?;
    input.take(MAX_BODY_BYTES as u64 + 1).read_to_end(&mut body).with_context(|| format!("failed to read {name}"))?;
    if body.len() > MAX_BODY_BYTES {
        bail!("the task in {name} has more than {MAX_BODY_BYTES} bytes");
    }
    if body.trim_ascii().is_empty() {
        bail!("there is no task in {name}: it is an event as JSON, such as the operator's --broker=none logs it");
    }
    Ok(body)
}
