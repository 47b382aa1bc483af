//! The throughput of the consumer loop and the history loop under a flood of events that change no status. Does I/O.

use std::time::Instant;

use anyhow::Result;
use subtitle_contract::payload::Subject;

use crate::{
    environment::Environment,
    measurements::{
        SETTLE_TIME,
        broker::{EVENTS, Publisher, events},
    },
    statistics::{as_f64, per_second},
};

/// When Redis writes its log to disk, by its own names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum AppendFsync {
    Everysec,
    Always,
}

impl AppendFsync {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Everysec => "everysec",
            Self::Always => "always",
        }
    }
}

/// The figures of one flood.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loops {
    pub(crate) consumer_events_per_second: f64,
    pub(crate) history_events_per_second: f64,
    /// The number of status writes during the flood.
    pub(crate) status_writes: f64,
    pub(crate) redis_reads_per_event: f64,
    pub(crate) memory_mib: f64,
}

/// Runs one flood.
pub(crate) async fn run(environment: &mut Environment, subjects: &[Subject], fsync: AppendFsync) -> Result<Loops> {
    environment.redis(&["CONFIG", "SET", "appendfsync", fsync.as_str()])?;
    environment.start_operator().await?;
    // Give the operator time to finish its startup work.
    tokio::time::sleep(SETTLE_TIME).await;
    let publisher = Publisher::open(&environment.broker_url()).await?;
    let (handled, recorded) = ("subtitle_events_consumed_total", "subtitle_history_events_total");
    let (handled_before, recorded_before) = (environment.metric(handled).await, environment.metric(recorded).await);
    let writes_before = environment.metric("subtitle_status_writes_total").await;
    let reads_before = environment.redis_count("total_reads_processed")?;
    let events = events(subjects);
    let begun = Instant::now();
    let until = |name: &'static str, before: f64| {
        let environment = &*environment;
        async move {
            environment.until(name, before + as_f64(EVENTS)).await?;
            Ok::<_, anyhow::Error>(per_second(EVENTS, begun.elapsed()))
        }
    };
    let (consumer_events_per_second, history_events_per_second, ()) =
        tokio::try_join!(until(handled, handled_before), until(recorded, recorded_before), publisher.flood(&events))?;
    let loops = Loops {
        consumer_events_per_second,
        history_events_per_second,
        status_writes: environment.metric("subtitle_status_writes_total").await - writes_before,
        redis_reads_per_event: (environment.redis_count("total_reads_processed")? - reads_before) / as_f64(EVENTS),
        memory_mib: environment.memory(),
    };
    environment.stack.operator.kill();
    Ok(loops)
}
