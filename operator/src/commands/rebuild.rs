//! `subtitle-operator history rebuild`: restores to Redis the events that only the stream still has, each once and in the
//! stream's order. Without `--apply` it only shows what is missing; running it twice changes nothing. Does I/O.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use subtitle_broker::{
    AmqpSession, BrokerArguments, BrokerError, Deliveries as _, Receipt as _, Session as _, StreamStart,
};
use subtitle_contract::{event::Event, keys::KeyStyle, topology::HISTORY_STREAM};
use tokio::time::{interval, timeout};

use crate::act::{
    RecordError,
    manual::history::{publish_end_marker, restore},
    redis::{RedisArguments, RedisRecords},
};

/// Maximum number of unacknowledged messages while the stream is read.
const PREFETCH: u16 = 200;
/// How long the stream may deliver nothing before its end marker.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(30);

/// Which histories to rebuild, and the servers.
#[derive(Args)]
pub struct RebuildArguments {
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

/// Why histories could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// The command does not default to every history.
    #[error("failed to choose histories: give --job ID, --since 2h, or --all")]
    NothingSelected,
    /// The time span is invalid.
    #[error("failed to parse --since '{text}': expected a time span such as 2h or 3d")]
    Since {
        /// The value of the flag.
        text: String,
        /// The parser's error.
        #[source]
        source: jiff::Error,
    },
    /// The stream was not read up to its end marker.
    #[error("failed to read the stream: it delivered nothing for {} s, and its end marker was not seen", SILENCE_TIMEOUT.as_secs())]
    Silent,
    /// The broker.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// Redis.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// Standard output.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl RebuildArguments {
    /// The time from which on a history must have an event; `None` for all.
    fn oldest(&self, now: Timestamp) -> Result<Option<Timestamp>, RebuildError> {
        let Some(since) = &self.since else { return Ok(None) };
        let span: Result<SignedDuration, _> = since.parse();
        let span = span.map_err(|source| RebuildError::Since { text: since.clone(), source })?;
        Ok(Some(now - span))
    }
}

/// Events by job, in the stream's order.
type Histories = BTreeMap<String, Vec<Event>>;

/// Reads the stream from its oldest message to a marker that is appended now; only events of `job`, if given.
async fn read_stream(session: &AmqpSession, job: Option<&str>) -> Result<Histories, RebuildError> {
    let marker = uuid::Uuid::now_v7().to_string();
    publish_end_marker(session, marker.as_bytes()).await?;
    let mut deliveries = session.consume_stream(HISTORY_STREAM, PREFETCH, StreamStart::Oldest).await?;
    let mut histories = Histories::new();
    loop {
        let batch = timeout(SILENCE_TIMEOUT, deliveries.next_batch(usize::from(PREFETCH))).await;
        let batch = batch.map_err(|_| RebuildError::Silent)??;
        for delivery in &batch {
            if delivery.body == marker.as_bytes() {
                return Ok(histories);
            }
            if let Ok(event) = Event::decode(&delivery.body)
                && job.is_none_or(|job| job == event.job_id)
            {
                histories.entry(event.job_id.clone()).or_default().push(event);
            }
        }
        if let Some(last) = batch.last() {
            last.receipt.ack_up_to().await?;
        }
    }
}

/// Restores the missing events, or only shows them.
pub async fn run(arguments: RebuildArguments, out: &mut impl Write) -> Result<(), RebuildError> {
    if arguments.job.is_none() && arguments.since.is_none() && !arguments.all {
        return Err(RebuildError::NothingSelected);
    }
    let oldest = arguments.oldest(Timestamp::now())?;
    let session = AmqpSession::open(&arguments.broker.address()?, "subtitle-operator history").await?;
    let mut histories = read_stream(&session, arguments.job.as_deref()).await?;
    session.close().await;
    histories.retain(|_, events| oldest.is_none_or(|oldest| events.iter().any(|event| event.timestamp >= oldest)));
    let records = RedisRecords::open(arguments.redis.address()?, KeyStyle::Plain)?;
    let mut pace = interval(Duration::from_secs(1) / arguments.rate);
    let (mut jobs, mut missing) = (0, 0);
    for (job, events) in &histories {
        pace.tick().await;
        let lacking = restore(&records, job, events, arguments.apply).await?;
        if lacking > 0 {
            jobs += 1;
            missing += lacking;
            let what = if arguments.apply { "restored" } else { "are missing" };
            writeln!(out, "{job}: {lacking} of {} events {what}", events.len())?;
        }
    }
    let what = if arguments.apply { "restored" } else { "missing; --apply restores them" };
    writeln!(out, "{} histories checked: {missing} events of {jobs} jobs {what}", histories.len())?;
    Ok(())
}
