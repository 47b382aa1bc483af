//! Jobs from Pending to their final phase: created before any program runs, half of them found and half translated. Does I/O.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::{
    environment::{Environment, value},
    measurements::api,
    processors::{PROGRAMS, Processors},
    statistics::{as_f64, per_second},
};

/// Jobs per round.
pub(crate) const JOBS: usize = 400;
/// The polling interval, long enough that polling costs almost nothing.
const POLL_EVERY: Duration = Duration::from_millis(50);
const TIMEOUT: Duration = Duration::from_secs(180);

/// The figures of one round.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    pub(crate) per_second: f64,
    pub(crate) writes_per_job: f64,
    pub(crate) conflicts_per_job: f64,
    pub(crate) events_per_job: f64,
    pub(crate) published_by_operator: f64,
    pub(crate) redis_reads_per_event: f64,
    pub(crate) memory: f64,
    /// Processor milliseconds per job: `processors::names`.
    pub(crate) processors: [f64; PROGRAMS.len() + 2],
}

/// The successive statuses of each job of one round, which is not measured.
pub(crate) async fn statuses(environment: &mut Environment) -> Result<Vec<Vec<Value>>> {
    let recorder = api::Recorder::start(environment);
    run(environment, "recorded").await?;
    Ok(recorder.statuses())
}

/// One round: from the first status write to the end of the last job.
pub(crate) async fn run(environment: &mut Environment, name: &str) -> Result<Finished> {
    environment.redis(&["CONFIG", "SET", "appendfsync", "everysec"])?;
    api::create(environment, name, JOBS).await?;
    environment.stack.downloader.restart()?;
    environment.stack.translator.restart()?;
    let reads = environment.redis_count("total_reads_processed")?;
    environment.stack.operator.restart()?;
    let (mut begun, waiting) = (None, (Instant::now(), Processors::now()));
    let text = loop {
        let text = environment.metrics().await;
        let sum = |name: &str| text.lines().filter_map(|line| value(line, name)).sum::<f64>();
        if begun.is_none() && sum("subtitle_status_writes_total") > 0.0 {
            begun = Some((Instant::now(), Processors::now()));
        }
        if sum("subtitle_jobs_finished_total") >= as_f64(JOBS) {
            break text;
        }
        ensure!(waiting.0.elapsed() < TIMEOUT, "{JOBS} jobs are not finished within {} s:\n{text}", TIMEOUT.as_secs());
        tokio::time::sleep(POLL_EVERY).await;
    };
    let (since, worked) = begun.unwrap_or(waiting);
    let (took, processors) = (since.elapsed(), Processors::now().per_job(worked, JOBS));
    // The rest of their histories.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let events = environment.metric("subtitle_history_events_total").await;
    let reads = environment.redis_count("total_reads_processed")? - reads;
    let sum = |name: &str| text.lines().filter_map(|line| value(line, name)).sum::<f64>();
    let finished = Finished {
        per_second: per_second(JOBS, took),
        writes_per_job: sum("subtitle_status_writes_total") / as_f64(JOBS),
        conflicts_per_job: sum("subtitle_status_conflicts_total") / as_f64(JOBS),
        events_per_job: events / as_f64(JOBS),
        published_by_operator: sum("subtitle_events_published_total") / as_f64(JOBS),
        redis_reads_per_event: reads / events,
        memory: environment.memory(),
        processors,
    };
    environment.clear().await?;
    Ok(finished)
}
