//! Opens a session on which every queue responds; recreates a queue that has been unresponsive for too long. Does I/O.

use subtitle_broker::{BrokerError, Connector, Session as _};

use crate::{
    act::{ActError, ApplyContext, Ports},
    decide::{lost::queues::UnresponsiveQueues, plan::Effect},
    loops::operator::Operator,
};

/// A session that was just opened.
pub(super) struct Opened<S> {
    pub(super) session: S,
    /// Queues that did not exist before or were recreated: their messages are lost.
    pub(super) recreated: Vec<&'static str>,
}

pub(super) async fn open<P: Ports, C: Connector<Session = P::Session>>(
    operator: &Operator<P>,
    connector: &C,
    unresponsive_queues: &mut UnresponsiveQueues,
) -> Result<Opened<P::Session>, ActError> {
    let (mut session, mut recreated) = connector.open_and_declare().await?;
    let found = session.unresponsive_queues().await?;
    let lost = unresponsive_queues.observe(&found, operator.now());
    if let Some(queue) = found.iter().find(|queue| !lost.contains(queue)) {
        return Err(BrokerError::Unresponsive { queue }.into());
    }
    for queue in lost {
        tracing::warn!(queue, "recreating a queue that has not responded for a minute");
        operator.metrics().repairs.increment(["queue_redeclared"]);
        // The check may have closed the connection. If the deletion returns an error the queue may be deleted all the
        // same: then the next session declares it.
        session = connector.open().await?;
        let context = ApplyContext::on_session(&session, operator.now());
        operator.executor().apply(vec![Effect::RecreateQueue(queue)], context).await?;
        recreated.push(queue);
    }
    Ok(Opened { session, recreated })
}
