//! D2: the commands of both loops, made before, in the same pipelines: a batch of events and then the offset, one after
//! the other; and one record for each event, as many at once as the consumer loop has jobs in hand. Does I/O.

use std::time::Instant;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use redis::{Client, Pipeline, Script, aio::MultiplexedConnection};
use subtitle_contract::{job::SubtitleJob, keys::KeyStyle, payload::Subject, record::Record};
use subtitle_operator::act::ledger::{Marks, PROJECT, remember, remember_script};

use crate::{
    broker::{EVENTS, Rates, events},
    place::Place,
    statistics::per_second,
};

/// Of the history loop.
const BATCH: usize = 200;
/// Of the consumer loop.
const AT_ONCE: usize = 32;
/// Seconds that keys stay.
const STAY: u64 = 86_400;

const KEYS: KeyStyle = KeyStyle::Plain;

fn histories(subjects: &[Subject]) -> Vec<Pipeline> {
    let (script, mut pipelines, mut saved) = (remember_script(), Vec::new(), String::new());
    for (at, batch) in events(subjects).chunks(BATCH).enumerate() {
        let last = (at * BATCH + batch.len()).to_string();
        pipelines.push(remember(&script, KEYS, batch, Marks { saved: &saved, last: &last }, STAY));
        saved = last;
    }
    pipelines
}

fn records(subjects: &[Subject], job: &SubtitleJob) -> Result<Vec<Pipeline>> {
    let project = Script::new(PROJECT);
    let like = Record::of(job);
    let pipeline = |subject: &Subject| {
        let id = &subject.job_id;
        let record = Record { id: id.clone(), ..like.clone() };
        let mut pipeline = redis::pipe();
        pipeline.cmd("EVALSHA").arg(project.get_hash()).arg(3);
        pipeline.arg(KEYS.record(id)).arg(KEYS.events(id)).arg(KEYS.seen(id));
        pipeline.arg(serde_json::to_string(&record)?).arg(record.revision).arg(STAY).arg(0).ignore();
        Ok(pipeline)
    };
    subjects.iter().cycle().take(EVENTS).map(pipeline).collect()
}

async fn one(connection: &MultiplexedConnection, pipeline: &Pipeline) -> Result<()> {
    Ok(pipeline.query_async::<()>(&mut connection.clone()).await?)
}

/// D2.
pub(crate) async fn bare(place: &Place, subjects: &[Subject]) -> Result<Rates> {
    place.redis(&["CONFIG", "SET", "appendfsync", "everysec"])?;
    let mut connection = Client::open(place.bare_redis_url())?.get_multiplexed_async_connection().await?;
    redis::cmd("FLUSHDB").query_async::<()>(&mut connection).await?;
    for script in [Script::new(PROJECT), remember_script()] {
        script.prepare_invoke().load_async(&mut connection).await?;
    }
    let job = place.jobs().get(&subjects[0].name).await?;
    let (histories, records) = (histories(subjects), records(subjects, &job)?);
    let (other, begun) = (connection.clone(), Instant::now());
    let history = tokio::spawn(async move {
        for pipeline in &histories {
            one(&connection, pipeline).await?;
        }
        Ok::<_, anyhow::Error>(per_second(EVENTS, begun.elapsed()))
    });
    let calls = futures::stream::iter(&records).map(|pipeline| one(&other, pipeline));
    calls.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    Ok(Rates { consumer: per_second(EVENTS, begun.elapsed()), history: history.await?? })
}
