//! Both loops of the operator under a flood of events that change no status: what the consumer loop and the history
//! loop do by themselves. Does I/O.

use std::time::Instant;

use anyhow::Result;
use subtitle_contract::payload::Subject;

use crate::{
    broker::{EVENTS, Publisher, events},
    place::Place,
    statistics::{number, per_second},
};

/// What they did.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loops {
    pub(crate) consumer: f64,
    pub(crate) history: f64,
    pub(crate) writes: f64,
    pub(crate) redis_reads_per_event: f64,
    pub(crate) memory: f64,
}

/// One flood.
pub(crate) async fn run(place: &mut Place, subjects: &[Subject], appendfsync: &str) -> Result<Loops> {
    place.redis(&["CONFIG", "SET", "appendfsync", appendfsync])?;
    place.start_operator().await?;
    // What it does at its start is over.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let publisher = Publisher::open(&place.broker_url()).await?;
    let (handled, remembered) = ("subtitle_events_consumed_total", "subtitle_history_events_total");
    let (handled_before, remembered_before) = (place.metric(handled).await, place.metric(remembered).await);
    let writes = place.metric("subtitle_status_writes_total").await;
    let reads = place.redis_count("total_reads_processed")?;
    let events = events(subjects);
    let begun = Instant::now();
    let until = |name: &'static str, before: f64| {
        let place = &*place;
        async move {
            place.until(name, before + number(EVENTS)).await?;
            Ok::<_, anyhow::Error>(per_second(EVENTS, begun.elapsed()))
        }
    };
    let (consumer, history, ()) = tokio::try_join!(
        until(handled, handled_before),
        until(remembered, remembered_before),
        publisher.flood(&events)
    )?;
    let loops = Loops {
        consumer,
        history,
        writes: place.metric("subtitle_status_writes_total").await - writes,
        redis_reads_per_event: (place.redis_count("total_reads_processed")? - reads) / number(EVENTS),
        memory: place.memory(),
    };
    place.stack.operator.kill();
    Ok(loops)
}
