//! Effects on servers in memory, without a broker.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use jiff::Timestamp;
use serde_json::json;
use subtitle_broker::{
    BrokerError, Deliveries, Delivery, PublishWriter, QueueStats, QueueWriter, Receipt, Session, StreamStart,
};
use subtitle_clock::SystemRuntime;
use subtitle_contract::{
    event::{Event, EventType},
    job::{SubtitleJob, SubtitleJobStatus},
    policy::{
        SubtitlePolicy, SubtitlePolicyStatus,
        ledger::{Ledger, LedgerVideo},
    },
    reason::Reason,
    record::Record,
    store_key::StoreKey,
};
use subtitle_store::Store;

use super::{Applied, ApplyContext, Executor, Servers};
use crate::{
    act::{
        error::{ActError, ClusterError, ErrorClass, RecordError},
        files::Files,
        ports::{
            Checkpoint, ClusterReader, ClusterWriter, GlossarySource, HistoryWriter, PolicyReader, PolicyWriter, Ports,
            Projected, RecordReader, RecordWriter,
        },
    },
    decide::plan::{DeadLetter, Effect},
    metrics::Metrics,
};

struct InMemory;

impl Ports for InMemory {
    type Cluster = Cluster;
    type Records = Records;
    type Policies = Records;
    type Session = NoSession;
    type Runtime = SystemRuntime;
}

/// One object.
struct Cluster {
    job: SubtitleJob,
    deleted: AtomicUsize,
}

impl ClusterReader for Cluster {
    fn all(&self) -> Vec<Arc<SubtitleJob>> {
        vec![Arc::new(self.job.clone())]
    }

    async fn newest(&self, cached: &SubtitleJob) -> SubtitleJob {
        cached.clone()
    }

    async fn find(&self, _: &str, _: Option<(&str, &str)>) -> Result<Option<SubtitleJob>, ClusterError> {
        Ok(Some(self.job.clone()))
    }

    async fn read(&self, _: &str, _: &str, _: &str) -> Result<Option<SubtitleJob>, ClusterError> {
        Ok(Some(self.job.clone()))
    }

    async fn glossary_source(&self, _: &str, _: &str) -> Result<Option<GlossarySource>, ClusterError> {
        Ok(None)
    }
}

impl ClusterWriter for Cluster {
    async fn write_status(&self, job: &SubtitleJob, status: &SubtitleJobStatus) -> Result<SubtitleJob, ClusterError> {
        Ok(SubtitleJob { status: Some(status.clone()), ..job.clone() })
    }

    fn note(&self, _: &SubtitleJob, _: &str, _: &str) {}

    async fn create(&self, job: &SubtitleJob) -> Result<SubtitleJob, ClusterError> {
        Ok(job.clone())
    }

    async fn delete(&self, _: &SubtitleJob) -> Result<(), ClusterError> {
        self.deleted.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}

/// A Redis that may be away.
#[derive(Default)]
struct Records {
    is_away: AtomicBool,
    projected: AtomicUsize,
}

impl RecordReader for Records {
    async fn record(&self, _: &str) -> Result<Option<String>, RecordError> {
        Ok(None)
    }

    async fn events_before(&self, _: &str, _: Option<usize>, _: usize) -> Result<(Vec<String>, usize), RecordError> {
        Ok((Vec::new(), 0))
    }

    async fn unfinished(&self, _: u64) -> Result<(Vec<Record>, u64), RecordError> {
        Ok((Vec::new(), 0))
    }

    async fn load_checkpoint(&self) -> Result<Option<Checkpoint>, RecordError> {
        Ok(None)
    }
}

impl RecordWriter for Records {
    async fn project(&self, jobs: &[&SubtitleJob]) -> Result<Vec<Projected>, RecordError> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(RecordError::Unreachable);
        }
        self.projected.fetch_add(jobs.len(), Ordering::Relaxed);
        Ok(vec![Projected::Replaced; jobs.len()])
    }

    async fn close(&self, _: &str) -> Result<(), RecordError> {
        Ok(())
    }
}

impl HistoryWriter for Records {
    async fn append(&self, _: &[Event], _: Option<Checkpoint>, _: Checkpoint) -> Result<bool, RecordError> {
        Ok(true)
    }

    async fn reset_checkpoint(&self) -> Result<(), RecordError> {
        Ok(())
    }
}

/// There is never a policy.
impl PolicyReader for Records {
    fn policies(&self) -> Vec<Arc<SubtitlePolicy>> {
        Vec::new()
    }

    async fn ledger(&self, _: &str) -> Result<Ledger, RecordError> {
        Ok(Ledger::new())
    }

    async fn ledger_videos(&self, _: &str, _: &[String]) -> Result<Ledger, RecordError> {
        Ok(Ledger::new())
    }
}

impl PolicyWriter for Records {
    async fn write_policy_status(&self, _: &SubtitlePolicy, _: &SubtitlePolicyStatus) -> Result<(), ClusterError> {
        Ok(())
    }

    async fn write_ledger(&self, _: &str, _: &BTreeMap<String, Option<LedgerVideo>>) -> Result<(), RecordError> {
        Ok(())
    }
}

/// There is never a session.
enum NoSession {}

impl PublishWriter for NoSession {
    async fn publish(&self, _: &Event) -> Result<(), BrokerError> {
        match *self {}
    }

    async fn dead_letter(&self, _: &str, _: &[u8], _: Reason, _: &str) -> Result<(), BrokerError> {
        match *self {}
    }
}

impl QueueWriter for NoSession {
    async fn recreate(&self, _: &str) -> Result<(), BrokerError> {
        match *self {}
    }
}

impl Session for NoSession {
    type Deliveries = Self;

    async fn consume(&self, _: &'static str, _: u16) -> Result<Self, BrokerError> {
        match *self {}
    }

    async fn consume_stream(&self, _: &'static str, _: u16, _: StreamStart) -> Result<Self, BrokerError> {
        match *self {}
    }

    async fn consume_events(&self, _: &[EventType], _: u16) -> Result<Self, BrokerError> {
        match *self {}
    }

    async fn queue_stats(&self, _: &'static str) -> Result<Option<QueueStats>, BrokerError> {
        match *self {}
    }

    async fn unresponsive_queues(&self) -> Result<Vec<&'static str>, BrokerError> {
        match *self {}
    }

    fn is_blocked(&self) -> bool {
        match *self {}
    }

    async fn ended(&self) -> BrokerError {
        match *self {}
    }

    async fn credentials_changed(&self) {
        match *self {}
    }

    async fn close(&self) {
        match *self {}
    }
}

impl Deliveries for NoSession {
    type Receipt = Self;

    async fn next(&mut self) -> Result<Delivery<Self>, BrokerError> {
        match *self {}
    }

    async fn next_batch(&mut self, _: usize) -> Result<Vec<Delivery<Self>>, BrokerError> {
        match *self {}
    }
}

impl Receipt for NoSession {
    async fn ack(&self) -> Result<(), BrokerError> {
        match *self {}
    }

    async fn ack_up_to(&self) -> Result<(), BrokerError> {
        match *self {}
    }

    async fn requeue(&self) -> Result<(), BrokerError> {
        match *self {}
    }
}

struct Bench {
    executor: Executor<InMemory>,
    cluster: Arc<Cluster>,
    records: Arc<Records>,
    files: Files,
}

impl Bench {
    fn new() -> Self {
        let object = json!({
            "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
            "metadata": {"name": "a", "namespace": "films", "uid": "u"},
            "spec": {"video": {"path": "a.mkv"}, "language": "es"},
        });
        let job = serde_json::from_value(object).expect("a job");
        let cluster = Arc::new(Cluster { job, deleted: AtomicUsize::new(0) });
        let (records, files): (Arc<Records>, _) =
            (Arc::default(), Files::new(Store::open(&"memory:".parse().expect("a URL")).expect("opens")));
        let (policies, kept) = (Arc::clone(&records), Arc::clone(&records));
        let servers = Servers { cluster: cluster.clone(), records: kept, policies, files: files.clone() };
        Self { executor: Executor::new(servers, Metrics::new("test", 1).1), cluster, records, files }
    }

    async fn apply(&self, effects: Vec<Effect>) -> Result<Applied, ActError> {
        let context = ApplyContext { job: Some(self.cluster.job.clone()), ..ApplyContext::new(Timestamp::UNIX_EPOCH) };
        self.executor.apply(effects, context).await
    }

    fn redis_is_away(&self, is_away: bool) {
        self.records.is_away.store(is_away, Ordering::Relaxed);
    }
}

#[tokio::test]
async fn a_glossary_is_in_the_store_before_anything_after_it_is_tried() {
    let bench = Bench::new();
    let key = StoreKey::for_namespace("films", "films/glossaries/5a.txt").expect("a key");
    let text = "Anna = Ana".to_owned();
    let letter = DeadLetter {
        routing_key: "subtitle.ready".into(),
        body: vec![],
        reason: Reason::MalformedMessage,
        message: String::new(),
    };
    let effects = vec![Effect::StoreGlossary { key: key.clone(), text }, Effect::DeadLetter(Box::new(letter))];
    let error = bench.apply(effects).await.expect_err("no broker");
    assert_eq!(error.class(), ErrorClass::Broker);
    assert_eq!(bench.files.read(&key).await.expect("reads").as_deref(), Some(&b"Anna = Ana"[..]));
}

#[tokio::test]
async fn a_projection_that_fails_ends_no_plan_and_is_repeated_once_redis_is_back() {
    let bench = Bench::new();
    bench.redis_is_away(true);
    let status = SubtitleJobStatus { revision: 1, ..SubtitleJobStatus::default() };
    let outcome = bench.apply(vec![Effect::WriteStatus(Box::new(status)), Effect::WriteRecord]).await.expect("applied");
    assert_eq!(outcome.job.and_then(|job| job.status).map(|status| status.revision), Some(1));
    assert!(bench.apply(vec![Effect::ProjectLagging]).await.is_err(), "it is still away");
    bench.redis_is_away(false);
    let projected = async || bench.apply(vec![Effect::ProjectLagging]).await.expect("applied").projected;
    assert_eq!((projected().await, projected().await), (1, 0));
}

#[tokio::test]
async fn a_job_is_deleted_after_its_last_record_is_in_redis_or_when_it_has_waited_long_enough() {
    let bench = Bench::new();
    let delete = |second| {
        let at_the_latest = Timestamp::from_second(second).expect("a time");
        vec![Effect::WriteRecord, Effect::Delete { at_the_latest }]
    };
    bench.redis_is_away(true);
    assert!(matches!(bench.apply(delete(60)).await, Err(ActError::NoRecord(_))));
    assert_eq!(bench.cluster.deleted.load(Ordering::Relaxed), 0);
    bench.apply(delete(0)).await.expect("it has waited long enough");
    bench.redis_is_away(false);
    bench.apply(delete(60)).await.expect("the record is there");
    assert_eq!(bench.cluster.deleted.load(Ordering::Relaxed), 2);
}
