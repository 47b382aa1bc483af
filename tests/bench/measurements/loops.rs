//! The throughput of the consumer loop and the history loop under a flood of events that change no status. Does I/O.

use std::time::Instant;

use anyhow::Result;
use subtitle_contract::payload::Subject;

use crate::{
    environment::Environment,
    measurements::broker::{EVENTS, Publisher, events},
    statistics::{number, per_second},
};

/// The figures of one flood; rates in events per second, memory in MiB.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loops {
    pub(crate) consumer: f64,
    pub(crate) history: f64,
    pub(crate) writes: f64,
    pub(crate) redis_reads_per_event: f64,
    pub(crate) memory: f64,
}

/// Runs one flood.
pub(crate) async fn run(environment: &mut Environment, subjects: &[Subject], appendfsync: &str) -> Result<Loops> {
    environment.redis(&["CONFIG", "SET", "appendfsync", appendfsync])?;
    environment.start_operator().await?;
    // The operator has finished its work at startup by then.
    tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    let publisher = Publisher::open(&environment.broker_url()).await?;
    let (handled, recorded) = ("subtitle_events_consumed_total", "subtitle_history_events_total");
    let (handled_before, recorded_before) = (environment.metric(handled).await, environment.metric(recorded).await);
    let writes = environment.metric("subtitle_status_writes_total").await;
    let reads = environment.redis_count("total_reads_processed")?;
    let events = events(subjects);
    let begun = Instant::now();
    let until = |name: &'static str, before: f64| {
        let environment = &*environment;
        async move {
            environment.until(name, before + number(EVENTS)).await?;
            Ok::<_, anyhow::Error>(per_second(EVENTS, begun.elapsed()))
        }
    };
    let (consumer, history, ()) =
        tokio::try_join!(until(handled, handled_before), until(recorded, recorded_before), publisher.flood(&events))?;
    let loops = Loops {
        consumer,
        history,
        writes: environment.metric("subtitle_status_writes_total").await - writes,
        redis_reads_per_event: (environment.redis_count("total_reads_processed")? - reads) / number(EVENTS),
        memory: environment.memory(),
    };
    environment.stack.operator.kill();
    Ok(loops)
}
