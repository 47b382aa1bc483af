//! Runs all loops of a session as one future: only loops that were woken are polled, and the first one that returns ends the
//! session. Does I/O.

use std::convert::Infallible;

use futures::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use subtitle_broker::{BrokerError, Session as _};
use subtitle_contract::job::SubtitleJob;
use subtitle_telemetry::chain;
use tokio::sync::mpsc;

use super::{deletions, shutdown::Shutdown};
use crate::{
    act::{ActError, Ports},
    loops::{
        consumer, dead_letters, gauges,
        history::{self, HistoryError},
        operator::Operator,
        policy, repair,
    },
};

/// Why a loop ended.
#[derive(Debug, thiserror::Error)]
enum LoopError {
    #[error(transparent)]
    Act(#[from] ActError),
    #[error(transparent)]
    Broker(#[from] BrokerError),
    #[error(transparent)]
    History(#[from] HistoryError),
}

/// A loop with its name for logs. Only the consumer loop ends without an error, on shutdown or with changed credentials.
type Loop<'a> = BoxFuture<'a, (&'static str, Result<(), LoopError>)>;

fn endless<'a, E: Into<LoopError>>(
    name: &'static str,
    run: impl Future<Output = Result<Infallible, E>> + Send + 'a,
) -> Loop<'a> {
    run.map(move |ended| (name, ended.map(|never| match never {}).map_err(Into::into))).boxed()
}

/// Runs the loops until the first of them ends.
pub(super) async fn run_until_one_ends<P: Ports>(
    operator: &Operator<P>,
    session: &P::Session,
    deletions: &mut mpsc::UnboundedReceiver<SubtitleJob>,
    shutdown: &Shutdown,
) {
    let consuming = consume(operator, session, shutdown).map(|ended| ("consumer", ended.map_err(LoopError::from)));
    let connection = async { Err::<Infallible, _>(session.ended().await) };
    let mut loops: FuturesUnordered<Loop<'_>> = FuturesUnordered::new();
    loops.push(consuming.boxed());
    loops.push(endless("dead letters", dead_letters::run(operator, session)));
    loops.push(endless("history", history::run(operator, session)));
    loops.push(endless("repair", repair::run(operator, session)));
    loops.push(endless("gauges", gauges::run(operator, session)));
    loops.push(endless("policies", policy::run(operator, session)));
    loops.push(endless("deletions", deletions::run(operator, session, deletions)));
    loops.push(endless("connection", connection));
    if let Some((name, Err(error))) = loops.next().await {
        tracing::warn!(name, error = %chain(&error), "a loop of the session with the broker ended");
    } else {
        tracing::info!("closing the session with the broker: running batches and reconciles have finished");
    }
}

/// Consumes until shutdown or until the broker's credentials change; then running batches are finished. On shutdown the
/// session is also kept until the running reconciles have finished.
async fn consume<P: Ports>(operator: &Operator<P>, session: &P::Session, shutdown: &Shutdown) -> Result<(), ActError> {
    let leave = async {
        tokio::select! {
            biased;
            () = shutdown.stop.cancelled() => {}
            () = session.credentials_changed() => {}
        }
    };
    consumer::run(operator, session, leave).await?;
    if shutdown.stop.is_cancelled() {
        shutdown.quiet.cancelled().await;
    }
    Ok(())
}
