//! D2, bare Redis: the commands of both loops, prepared in the same pipelines: batches of events with their offset, one after
//! another; and one record per event, with the concurrency of the consumer loop. Does I/O.

use std::time::Instant;

use anyhow::Result;
use futures::{StreamExt as _, TryStreamExt as _};
use redis::{Client, Pipeline, Script, aio::MultiplexedConnection};
use subtitle_contract::{job::SubtitleJob, keys::KeyStyle, payload::Subject, record::Record};
use subtitle_operator::act::redis::{BatchCheckpoints, PROJECT, append, append_script};

use crate::{
    environment::Environment,
    measurements::broker::{EVENTS, Rates, events},
    statistics::per_second,
};

/// The batch size of the history loop.
const BATCH: usize = 200;
/// The concurrency of the consumer loop.
const CONCURRENCY: usize = 32;
/// The TTL of keys, in seconds.
const TTL: u64 = 86_400;

const KEYS: KeyStyle = KeyStyle::Plain;

fn histories(subjects: &[Subject]) -> Vec<Pipeline> {
    let (script, mut pipelines, mut saved) = (append_script(), Vec::new(), String::new());
    for (at, batch) in events(subjects).chunks(BATCH).enumerate() {
        let last = (at * BATCH + batch.len()).to_string();
        pipelines.push(append(&script, KEYS, batch, BatchCheckpoints { saved: &saved, last: &last }, TTL));
        saved = last;
    }
    pipelines
}

fn records(subjects: &[Subject], job: &SubtitleJob) -> Result<Vec<Pipeline>> {
    let project = Script::new(PROJECT);
    let like = Record::project(job);
    let pipeline = |subject: &Subject| {
        let id = &subject.job_id;
        let record = Record { id: id.clone(), ..like.clone() };
        let mut pipeline = redis::pipe();
        pipeline.cmd("EVALSHA").arg(project.get_hash()).arg(3);
        pipeline.arg(KEYS.record(id)).arg(KEYS.events(id)).arg(KEYS.seen(id));
        pipeline.arg(serde_json::to_string(&record)?).arg(record.revision).arg(TTL).arg(0).ignore();
        Ok(pipeline)
    };
    subjects.iter().cycle().take(EVENTS).map(pipeline).collect()
}

async fn one(connection: &MultiplexedConnection, pipeline: &Pipeline) -> Result<()> {
    Ok(pipeline.query_async::<()>(&mut connection.clone()).await?)
}

/// D2.
pub(crate) async fn bare(environment: &Environment, subjects: &[Subject]) -> Result<Rates> {
    environment.redis(&["CONFIG", "SET", "appendfsync", "everysec"])?;
    let mut connection = Client::open(environment.bare_redis_url())?.get_multiplexed_async_connection().await?;
    redis::cmd("FLUSHDB").query_async::<()>(&mut connection).await?;
    for script in [Script::new(PROJECT), append_script()] {
        script.prepare_invoke().load_async(&mut connection).await?;
    }
    let job = environment.jobs().get(&subjects[0].name).await?;
    let (histories, records) = (histories(subjects), records(subjects, &job)?);
    let (other, begun) = (connection.clone(), Instant::now());
    let history = tokio::spawn(async move {
        for pipeline in &histories {
            one(&connection, pipeline).await?;
        }
        Ok::<_, anyhow::Error>(per_second(EVENTS, begun.elapsed()))
    });
    let calls = futures::stream::iter(&records).map(|pipeline| one(&other, pipeline));
    calls.buffer_unordered(CONCURRENCY).try_collect::<()>().await?;
    Ok(Rates { consumer: per_second(EVENTS, begun.elapsed()), history: history.await?? })
}
