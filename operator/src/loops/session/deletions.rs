//! Publishes a `job.cancelled` event for each object that the watch reports as deleted, so that workers stop. The repair loop
//! finds deletions that are missed. Does I/O.

use std::convert::Infallible;

use subtitle_contract::job::SubtitleJob;
use tokio::sync::mpsc;

use crate::{
    act::{ActError, ApplyContext, Ports},
    decide::{deletion::cancellation_event, plan::Effect},
    loops::operator::Operator,
};

/// Publishes until the first error.
pub(super) async fn run<P: Ports>(
    operator: &Operator<P>,
    session: &P::Session,
    deletions: &mut mpsc::UnboundedReceiver<SubtitleJob>,
) -> Result<Infallible, ActError> {
    loop {
        // The channel closes only when the operator shuts down, and that ends this loop.
        let Some(job) = deletions.recv().await else { return std::future::pending().await };
        let now = operator.now();
        if let Some(event) = cancellation_event(&job, now) {
            let publish = vec![Effect::Publish(Box::new(event))];
            operator.executor().apply(publish, ApplyContext::on_session(session, now)).await?;
        }
    }
}
