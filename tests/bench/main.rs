//! The throughput and latency of the pipeline, compared with the bare servers in the same run, on the same machine, under the
//! same load. `cargo dev bench pipeline` runs it and writes `RESULTS.md`; it has no thresholds and is not a test. Does I/O.
//!
//! ```text
//!   rounds ──▶ D3 bare PATCH ──▶ jobs, from Pending to their final phase          finished jobs/s, writes per job
//!   once   ──▶ events at half of that, one by one in time                 event-to-status
//!   rounds ──▶ D1 bare broker ──▶ D2 bare Redis ──▶ both loops, twice     events/s; appendfsync everysec, always
//!   once   ──▶ events at half of that, one by one in time                 event-to-history
//! ```

mod environment;
mod measurements;
mod processors;
mod results;
mod statistics;

use anyhow::Result;

use environment::Environment;
use measurements::{
    api, broker, jobs, latency,
    loops::{self, AppendFsync},
    redis,
};
use results::Results;
use statistics::{Spread, median};

/// Rounds of everything that is compared, interleaved so that other load on the machine affects all alike.
const ROUNDS: usize = 5;
/// Jobs whose events the loops receive.
const JOBS_IN_LOOPS: usize = 500;

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo bench` passes `--bench`, which is ignored.
    let folder = subtitle_tests::temporary_folder("bench")?;
    let mut environment = Environment::start(&folder).await?;
    let mut results = Results::begin(&environment)?;

    let statuses = jobs::statuses(&mut environment).await?;
    for round in 0..ROUNDS {
        results.patches.push(api::patches(&environment, &statuses).await?);
        results.jobs.push(jobs::run(&mut environment, &format!("round-{round}")).await?);
        println!("{}", results.last_of_jobs());
    }
    let writes = median(results.jobs.iter().map(|jobs| jobs.per_second * jobs.writes_per_job));
    let events = latency::event_to_status(&mut environment, writes / 2.0).await?;
    results.event_to_status = Some(events.latency);
    let known = events.jobs.into_iter().take(JOBS_IN_LOOPS).collect::<Vec<_>>();
    environment.keep_only(&known).await?;
    for _ in 0..ROUNDS {
        results.broker.push(broker::bare(&environment, &known).await?);
        results.redis.push(redis::bare(&environment, &known).await?);
        results.everysec.push(loops::run(&mut environment, &known, AppendFsync::Everysec).await?);
        results.always.push(loops::run(&mut environment, &known, AppendFsync::Always).await?);
        println!("{}", results.last_of_loops());
    }
    // An event is processed when both loops have processed it.
    let rate = median(
        results.everysec.iter().map(|loops| loops.history_events_per_second.min(loops.consumer_events_per_second)),
    ) / 2.0;
    results.event_to_history = Some(latency::event_to_history(&mut environment, &known, rate).await?);
    results.write(&mut environment)?;
    drop(environment);
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

/// A figure as it is printed: median, smallest and largest value.
fn spread(values: impl IntoIterator<Item = f64>) -> Spread {
    Spread::new(values)
}
