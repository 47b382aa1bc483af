//! What the pipeline does in a second, beside what the bare servers do in the same run, on the same machine, with the
//! same load. `cargo dev bench pipeline` runs it and writes `RESULTS.md`; it judges nothing and is no test.
//!
//! ```text
//!   rounds ──▶ D3 bare PATCH ──▶ jobs, from Pending to their end          finished jobs/s, writes per job
//!   once   ──▶ events at half of that, one by one in time                 event-to-status
//!   rounds ──▶ D1 bare broker ──▶ D2 bare Redis ──▶ both loops, twice     events/s; appendfsync everysec, always
//!   once   ──▶ events at half of that, one by one in time                 publish-to-Redis
//! ```

mod api;
mod broker;
mod jobs;
mod latency;
mod loops;
mod place;
mod processors;
mod redis;
mod results;
mod statistics;

use anyhow::Result;

use place::Place;
use results::Results;
use statistics::{Spread, median};

/// Of everything that is compared, so that what else the machine does falls on all alike.
const ROUNDS: usize = 5;
/// Jobs whose events the loops get.
const JOBS_IN_LOOPS: usize = 500;

#[tokio::main]
async fn main() -> Result<()> {
    // `cargo bench` hands `--bench` to whatever it runs.
    let folder = subtitle_tests::temporary_folder("bench")?;
    let mut place = Place::start(&folder).await?;
    let mut results = Results::begin(&place)?;

    let statuses = jobs::statuses(&mut place).await?;
    for round in 0..ROUNDS {
        results.patches.push(api::patches(&place, &statuses).await?);
        results.jobs.push(jobs::run(&mut place, &format!("round-{round}")).await?);
        println!("{}", results.last_of_jobs());
    }
    let writes = median(results.jobs.iter().map(|jobs| jobs.per_second * jobs.writes_per_job));
    let events = latency::event_to_status(&mut place, writes / 2.0).await?;
    results.event_to_status = Some(events.latency);
    let known = events.jobs.into_iter().take(JOBS_IN_LOOPS).collect::<Vec<_>>();
    place.keep_only(&known).await?;
    for _ in 0..ROUNDS {
        results.broker.push(broker::bare(&place, &known).await?);
        results.redis.push(redis::bare(&place, &known).await?);
        results.everysec.push(loops::run(&mut place, &known, "everysec").await?);
        results.always.push(loops::run(&mut place, &known, "always").await?);
        println!("{}", results.last_of_loops());
    }
    // An event is through when both loops had it.
    let rate = median(results.everysec.iter().map(|loops| loops.history.min(loops.consumer))) / 2.0;
    results.publish_to_redis = Some(latency::publish_to_redis(&mut place, &known, rate).await?);
    results.write(&mut place)?;
    drop(place);
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

/// How a figure is printed: its median, and between which values it lay.
fn spread(values: impl IntoIterator<Item = f64>) -> Spread {
    Spread::of(values)
}
