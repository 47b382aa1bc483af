//! Jobs from Pending to their end: they are there before anybody works, half of them found and half translated. Does I/O.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use serde_json::Value;

use crate::{
    api,
    place::{Place, value},
    processors::{PROGRAMS, Processors},
    statistics::{number, per_second},
};

/// Jobs of one round.
pub(crate) const JOBS: usize = 400;
/// How exactly the end is seen: rarely enough that the looking itself costs nothing to speak of.
const LOOK_EVERY: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_secs(180);

/// What came of them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finished {
    pub(crate) per_second: f64,
    pub(crate) writes_per_job: f64,
    pub(crate) conflicts_per_job: f64,
    pub(crate) events_per_job: f64,
    pub(crate) published_by_operator: f64,
    pub(crate) redis_reads_per_event: f64,
    pub(crate) memory: f64,
    /// Milliseconds a job that the processors worked: `processors::names`.
    pub(crate) processors: [f64; PROGRAMS.len() + 2],
}

/// What the statuses of the jobs of one round were, one after the other, by job. It is not measured.
pub(crate) async fn statuses(place: &mut Place) -> Result<Vec<Vec<Value>>> {
    let recorder = api::Recorder::start(place);
    run(place, "recorded").await?;
    Ok(recorder.statuses())
}

/// One round: from the first status that is written to the last job that ends.
pub(crate) async fn run(place: &mut Place, name: &str) -> Result<Finished> {
    place.redis(&["CONFIG", "SET", "appendfsync", "everysec"])?;
    api::create(place, name, JOBS).await?;
    place.stack.downloader.restart()?;
    place.stack.translator.restart()?;
    let reads = place.redis_count("total_reads_processed")?;
    place.stack.operator.restart()?;
    let (mut begun, waiting) = (None, (Instant::now(), Processors::now()));
    let text = loop {
        let text = place.metrics().await;
        let sum = |name: &str| text.lines().filter_map(|line| value(line, name)).sum::<f64>();
        if begun.is_none() && sum("subtitle_status_writes_total") > 0.0 {
            begun = Some((Instant::now(), Processors::now()));
        }
        if sum("subtitle_jobs_finished_total") >= number(JOBS) {
            break text;
        }
        ensure!(waiting.0.elapsed() < LIMIT, "{JOBS} jobs are not over within {} s:\n{text}", LIMIT.as_secs());
        tokio::time::sleep(LOOK_EVERY).await;
    };
    let (since, worked) = begun.unwrap_or(waiting);
    let (took, processors) = (since.elapsed(), Processors::now().a_job(worked, JOBS));
    // What is left of their histories.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let events = place.metric("subtitle_history_events_total").await;
    let reads = place.redis_count("total_reads_processed")? - reads;
    let sum = |name: &str| text.lines().filter_map(|line| value(line, name)).sum::<f64>();
    let finished = Finished {
        per_second: per_second(JOBS, took),
        writes_per_job: sum("subtitle_status_writes_total") / number(JOBS),
        conflicts_per_job: sum("subtitle_status_conflicts_total") / number(JOBS),
        events_per_job: events / number(JOBS),
        published_by_operator: sum("subtitle_events_published_total") / number(JOBS),
        redis_reads_per_event: reads / events,
        memory: place.memory(),
        processors,
    };
    place.clear().await?;
    Ok(finished)
}
