//! `subtitle-operator history rebuild`: what the stream has is put into Redis again, each event once and in the stream's
//! order. Shows first what it would do; done twice it changes nothing.

use std::{collections::BTreeMap, io::Write, time::Duration};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use futures::StreamExt as _;
use jiff::{SignedDuration, Timestamp};
use lapin::{options::BasicAckOptions, types::AMQPValue};
use subtitle_broker::{BrokerArguments, Session};
use subtitle_contract::{event::Event, keys::KeyStyle, topology::HISTORY_STREAM};

use crate::act::ledger::{RedisArguments, RedisLedger};

/// Messages in hand while the stream is read.
const PREFETCH: u16 = 200;
/// Without any message for this long the stream is taken to be stuck.
const SILENCE: Duration = Duration::from_secs(30);

/// Which histories, and where.
#[derive(Args)]
pub struct Which {
    #[command(flatten)]
    broker: BrokerArguments,
    #[command(flatten)]
    redis: RedisArguments,
    /// The history of this job only, by its id
    #[arg(long, conflicts_with_all = ["since", "all"])]
    job: Option<String>,
    /// Histories with an event in this time, such as 2h or 3d
    #[arg(long, conflicts_with = "all")]
    since: Option<String>,
    /// Everything the stream still has
    #[arg(long)]
    all: bool,
    /// Do it; without this only what would be done is shown
    #[arg(long)]
    apply: bool,
    /// Histories a second at most
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
}

impl Which {
    /// The oldest time that counts; none for every time.
    fn oldest(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let Some(since) = &self.since else { return Ok(None) };
        let span: SignedDuration =
            since.parse().with_context(|| format!("--since '{since}' is no time span: 2h, 3d"))?;
        Ok(Some(now - span))
    }
}

/// Everything the stream has, by job, up to a mark that this call puts at its end.
async fn histories(session: &Session, job: Option<&str>) -> Result<BTreeMap<String, Vec<Event>>> {
    let mark = uuid::Uuid::now_v7().to_string();
    session.mark(HISTORY_STREAM, mark.as_bytes()).await?;
    let first = AMQPValue::LongString("first".into());
    let mut deliveries = session.consume_stream(HISTORY_STREAM, PREFETCH, first).await?;
    let mut histories: BTreeMap<String, Vec<Event>> = BTreeMap::new();
    loop {
        let next = tokio::time::timeout(SILENCE, deliveries.next()).await;
        let delivery = next.context("the stream gives nothing more, and its end was not seen")?;
        let delivery = delivery.context("the broker ended the subscription")??;
        if delivery.data == mark.as_bytes() {
            return Ok(histories);
        }
        if let Ok(event) = Event::decode(&delivery.data)
            && job.is_none_or(|job| job == event.job_id)
        {
            histories.entry(event.job_id.clone()).or_default().push(event);
        }
        delivery.ack(BasicAckOptions::default()).await?;
    }
}

/// Rebuilds, or shows what would be rebuilt.
pub async fn run(which: Which, out: &mut impl Write) -> Result<()> {
    if which.job.is_none() && which.since.is_none() && !which.all {
        bail!("say which histories: --job ID, --since 2h, or --all");
    }
    let oldest = which.oldest(Timestamp::now())?;
    let session = Session::open(&which.broker.address()?, "subtitle-operator history").await?;
    let mut histories = histories(&session, which.job.as_deref()).await?;
    session.close().await;
    histories.retain(|_, events| oldest.is_none_or(|oldest| events.iter().any(|event| event.timestamp >= oldest)));
    let ledger = RedisLedger::open(which.redis.address()?, KeyStyle::Plain)?;
    let mut pace = tokio::time::interval(Duration::from_secs(1) / which.rate);
    let (mut jobs, mut missing) = (0, 0);
    for (job, events) in &histories {
        pace.tick().await;
        let added = ledger.restore(job, events, which.apply).await?;
        if added > 0 {
            jobs += 1;
            missing += added;
            writeln!(
                out,
                "{job}: {added} of {} events {}",
                events.len(),
                if which.apply { "restored" } else { "are missing" }
            )?;
        }
    }
    let done = if which.apply { "restored" } else { "missing; --apply restores them" };
    writeln!(out, "{} histories looked at: {missing} events of {jobs} jobs {done}", histories.len())?;
    Ok(())
}
