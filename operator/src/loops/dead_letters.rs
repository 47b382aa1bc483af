//! The dead-letter loop: publishes the failure of a job whose task was dead-lettered. Does I/O.

use std::convert::Infallible;

use subtitle_broker::{Deliveries as _, Receipt as _, Session as _};
use subtitle_contract::{event::Event, topology::DEAD_EVENTS_QUEUE};

use super::operator::Operator;
use crate::{
    act::{ActError, ApplyContext, Ports},
    decide::{dead_letter::failure, plan::Effect},
};

/// Maximum number of unacknowledged deliveries.
const PREFETCH: u16 = 10;

/// Runs until the first error.
pub async fn run<P: Ports>(operator: &Operator<P>, session: &P::Session) -> Result<Infallible, ActError> {
    let mut deliveries = session.consume(DEAD_EVENTS_QUEUE, PREFETCH).await?;
    loop {
        let delivery = deliveries.next().await?;
        let now = operator.now();
        if let Some(failed) = Event::decode(&delivery.body).ok().and_then(|event| failure(&event, now)) {
            let publish = vec![Effect::Publish(Box::new(failed))];
            operator.executor().apply(publish, ApplyContext::on_session(session, now)).await?;
        }
        delivery.receipt.ack().await?;
    }
}
