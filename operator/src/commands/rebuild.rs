//! `subtitle-operator history rebuild`: restores to Redis the events that only the stream still has, each once and in the
//! stream's order. Without `--apply` it only shows what is missing; running it twice changes nothing. Does I/O.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    time::Duration,
};

use clap::Args;
use jiff::{Span, SpanRelativeTo, Timestamp};
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
/// How long to wait for the next delivery before giving up.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(30);

/// Which histories to rebuild, and how to connect to RabbitMQ and Redis.
#[derive(Args)]
pub struct RebuildArguments {
    #[command(flatten)]
    broker: BrokerArguments,
    #[command(flatten)]
    redis: RedisArguments,
    /// Rebuild only the history of the job with this id
    #[arg(long, conflicts_with_all = ["since", "all"])]
    job: Option<String>,
    /// Rebuild only histories with an event within this time span, such as 2h or 3d
    #[arg(long, conflicts_with = "all")]
    since: Option<String>,
    /// Rebuild every history that the stream still has
    #[arg(long)]
    all: bool,
    /// Restore the missing events; without this flag, only report them (dry run)
    #[arg(long)]
    apply: bool,
    /// Maximum number of histories to check per second
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
}

/// Why histories could not be rebuilt.
#[derive(Debug, thiserror::Error)]
pub enum RebuildError {
    /// None of `--job`, `--since` and `--all` was given.
    #[error("failed to choose histories: give --job ID, --since 2h, or --all")]
    NothingSelected,
    /// The time span is invalid.
    #[error("failed to parse --since '{text}': expected a time span such as 2h or 3d")]
    InvalidSince {
        /// The value of the flag.
        text: String,
        /// The parser's error.
        #[source]
        source: jiff::Error,
    },
    /// The stream was not read up to its end marker.
    #[error("failed to read the stream: it delivered nothing for {} s, and its end marker was not seen", DELIVERY_TIMEOUT.as_secs())]
    StreamTimeout,
    /// A request to the broker failed.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// A request to Redis failed.
    #[error(transparent)]
    Records(#[from] RecordError),
    /// Writing to standard output failed.
    #[error("failed to write the output")]
    Output(#[from] io::Error),
}

impl RebuildArguments {
    /// Only histories with an event at or after this time are rebuilt; `None` means all.
    fn oldest(&self, now: Timestamp) -> Result<Option<Timestamp>, RebuildError> {
        self.since.as_deref().map(|since| before(now, since)).transpose()
    }
}

/// The time that is a span such as `3d` before `now`.
fn before(now: Timestamp, since: &str) -> Result<Timestamp, RebuildError> {
    let oldest = since
        .parse::<Span>()
        .and_then(|span| span.to_duration(SpanRelativeTo::days_are_24_hours()))
        .and_then(|duration| now.checked_sub(duration.abs()));
    oldest.map_err(|source| RebuildError::InvalidSince { text: since.to_owned(), source })
}

/// Events by job, in the stream's order.
type Histories = BTreeMap<String, Vec<Event>>;

/// Reads the stream from its oldest message to a marker that is appended now; only events of `job`, if given. Holds all of
/// them in memory: without `job`, that is the whole retained stream.
async fn read_stream(session: &AmqpSession, job: Option<&str>) -> Result<Histories, RebuildError> {
    let marker = uuid::Uuid::now_v7().to_string();
    publish_end_marker(session, marker.as_bytes()).await?;
    let mut deliveries = session.consume_stream(HISTORY_STREAM, PREFETCH, StreamStart::Oldest).await?;
    let mut histories = Histories::new();
    loop {
        let batch = timeout(DELIVERY_TIMEOUT, deliveries.next_batch(usize::from(PREFETCH))).await;
        let batch = batch.map_err(|_| RebuildError::StreamTimeout)??;
        for delivery in &batch {
            if delivery.body == marker.as_bytes() {
                return Ok(histories);
            }
            if let Ok(event) = Event::decode(&delivery.body)
                && !event.event_type.is_of_policy()
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
    let records = records.with_history_ttl(arguments.redis.history_ttl);
    let mut pace = interval(Duration::from_secs(1) / arguments.rate);
    let (mut jobs, mut missing) = (0, 0);
    for (job, events) in &histories {
        pace.tick().await;
        let missing_events = restore(&records, job, events, arguments.apply).await?;
        if missing_events > 0 {
            jobs += 1;
            missing += missing_events;
            let what = if arguments.apply { "restored" } else { "are missing" };
            writeln!(out, "{job}: {missing_events} of {} events {what}", events.len())?;
        }
    }
    let what = if arguments.apply { "restored" } else { "missing; --apply restores them" };
    writeln!(out, "{} histories checked: {missing} events of {jobs} jobs {what}", histories.len())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn since_takes_hours_and_days_and_refuses_what_is_before_all_time() {
        let now: Timestamp = "2026-01-31T12:00:00Z".parse().expect("a time");
        for (since, expected) in [("2h", "2026-01-31T10:00:00Z"), ("3d", "2026-01-28T12:00:00Z")] {
            let expected: Timestamp = expected.parse().expect("a time");
            assert_eq!(before(now, since).expect(since), expected);
        }
        for since in ["yesterday", "170000000h"] {
            assert!(before(now, since).is_err(), "{since}");
        }
    }
}
