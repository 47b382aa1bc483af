//! The invariants (design §9), checked at each change by an observer that sees every server at once. The rules are implemented
//! here a second time on purpose, so that no code under test decides whether it was right. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use jiff::{SignedDuration, Timestamp};
use subtitle_contract::{
    event::{Event, EventType, source},
    job::{SubtitleJob, SubtitleJobStatus},
    phase::{Phase, Step},
    reason::Reason,
    record::Record,
    topology::CONSUMER_QUEUE,
};
use uuid::Uuid;

use super::{
    corners::Corner,
    lost_tasks::LostTasks,
    paid::{Paid, stopped_attempt},
    phase_of, reason_of,
};
use crate::{
    faults::WORKERS,
    servers::{api_server::ApiServer, broker::Message},
    world::World,
};

/// Maximum time in milliseconds between checking for queued events and writing the decision.
const DECIDED_WITHIN: u64 = 1_000;

/// The observed state.
#[derive(Default)]
pub(crate) struct Checks {
    /// The first violation.
    pub(crate) violation: Option<String>,
    /// The events in the stream, in its order.
    stream: Vec<(String, Uuid)>,
    place_in_stream: HashMap<Uuid, usize>,
    /// The events that were in transit to a client at recent checks for queued events, with the time of the check: no process
    /// could have known of them.
    on_their_way: VecDeque<(u64, HashSet<Uuid>)>,
    /// The checkpoint in Redis may be one of a deleted stream.
    checkpoint_is_stale: bool,
    /// An earlier stream was deleted.
    stream_was_deleted: bool,
    /// All events that the broker has routed.
    had: HashSet<Uuid>,
    /// When each event was first published, by the clock of each operator; by job, attempt and type.
    first_published: HashMap<(String, u32, EventType), [Timestamp; WORKERS.start]>,
    /// The last attempt of each job that an event stopped.
    stopped: HashMap<String, u32>,
    /// Attempts whose translation was continued by a new task.
    pub(crate) continued: BTreeSet<(String, u32)>,
    /// Every version of every status.
    versions: HashMap<(String, i64), Vec<std::sync::Arc<SubtitleJob>>>,
    /// Jobs of which an earlier status, or none, was put back: revision and attempt may skip some.
    restored: BTreeSet<String>,
    /// The final phase of each attempt.
    ends: BTreeMap<(String, u32), Phase>,
    /// Up to which index of the stream the histories are known to be complete.
    whole_until: usize,
    /// Calls that are billed.
    pub(crate) paid: Paid,
    /// Tasks that were deleted with their queue.
    pub(crate) lost_tasks: LostTasks,
    /// Number of status writes and messages so far.
    pub(crate) writes: usize,
}

impl Checks {
    /// Records a violation of a rule.
    pub(crate) fn broken(&mut self, rule: &str, how: impl FnOnce() -> String) {
        if self.violation.is_none() {
            self.violation = Some(format!("{rule}: {}", how()));
        }
    }

    /// The broker has routed this event.
    pub(crate) fn routed(&mut self, event: Option<&Event>, is_in_stream: bool) {
        self.had.extend(event.map(Event::identity));
        if !is_in_stream {
            return;
        }
        let Some(event) = event else {
            self.stream.push((String::new(), Uuid::nil())); // not an event, but it has an offset
            return;
        };
        let id = event.identity();
        self.place_in_stream.entry(id).or_insert(self.stream.len());
        self.stream.push((event.job_id.clone(), id));
        self.writes += 1;
    }

    /// Records the first event of this type in an attempt; returns whether this is the first.
    pub(crate) fn record_event(&mut self, event: &Event, clocks: [Timestamp; WORKERS.start]) -> bool {
        if let Some(attempt) = stopped_attempt(event) {
            let stopped = self.stopped.entry(event.job_id.clone()).or_default();
            *stopped = attempt.max(*stopped);
        }
        let what = (event.job_id.clone(), event.attempt.unwrap_or(0), event.event_type.clone());
        let is_new = !self.first_published.contains_key(&what);
        self.first_published.entry(what).or_insert(clocks);
        if event.event_type == EventType::TranslateRequested && event.source == source::TRANSLATOR {
            self.continued.insert((event.job_id.clone(), event.attempt.unwrap_or(0)));
        }
        is_new
    }

    /// Whether an event of one of these types was published for an attempt.
    pub(crate) fn was_published(&self, uid: &str, attempt: u32, any_of: &[EventType]) -> bool {
        any_of.iter().any(|kind| self.first_published.contains_key(&(uid.to_owned(), attempt, kind.clone())))
    }

    /// Whether an event that stops this attempt was published.
    pub(crate) fn is_stopped(&self, uid: &str, attempt: u32) -> bool {
        self.stopped.get(uid).is_some_and(|stopped| attempt <= *stopped)
    }

    /// The broker has confirmed this event.
    pub(crate) fn confirmed(&mut self, event: &Event) {
        if !self.had.contains(&event.identity()) {
            self.broken("I1", || {
                format!("{} of {} is confirmed but was never routed", event.event_type.as_str(), event.job_id)
            });
        }
    }

    /// An event was appended to a history.
    pub(crate) fn remembered(&mut self, history: &[Uuid]) {
        let [earlier @ .., last] = history else { return };
        if earlier.contains(last) {
            self.broken("I2", || format!("event {last} is twice in a history"));
        }
        let place = |id: &Uuid| self.place_in_stream.get(id).copied();
        // After the stream was deleted, a republished event may have two positions.
        if !self.stream_was_deleted && earlier.last().and_then(place) > place(last) {
            self.broken("order", || format!("event {last} stands in a history behind one that came later"));
        }
    }

    /// A record replaced one of revision `current` in Redis.
    pub(crate) fn projected(&mut self, api: &ApiServer, record: &Record, current: i64) {
        if record.revision < current {
            let (id, revision) = (&record.id, record.revision);
            self.broken("I9", || format!("the record of {id} goes back from revision {current} to {revision}"));
        }
        let versions = self.versions.get(&(record.id.clone(), record.revision)).map_or(&[][..], Vec::as_slice);
        let is_closed = api.find(&record.id).is_none() && record.status == "FAILED";
        if !is_closed && !versions.iter().any(|version| Record::project(version) == *record) {
            self.broken("I4", || {
                format!(
                    "the record of {} says {} in revision {}, no status did",
                    record.id, record.status, record.revision
                )
            });
        }
    }

    /// The stream was deleted: its events are no longer expected in the histories.
    pub(crate) fn stream_deleted(&mut self) {
        self.stream.clear();
        self.place_in_stream.clear();
        self.whole_until = 0;
        self.checkpoint_is_stale = true;
        self.stream_was_deleted = true;
    }

    /// The checkpoint was reset: the next one is of this stream.
    pub(crate) fn checkpoint_reset(&mut self) {
        self.checkpoint_is_stale = false;
    }

    /// Redis has lost its data.
    pub(crate) fn wiped(&mut self) {
        self.whole_until = 0;
        self.checkpoint_is_stale = false;
    }

    /// Whether an earlier status of a job was put back.
    pub(crate) fn was_restored(&self, uid: &str) -> bool {
        self.restored.contains(uid)
    }

    /// An earlier status of a job.
    pub(crate) fn earlier_status(&self, job: &SubtitleJob) -> Option<SubtitleJobStatus> {
        let revision = job.status.as_ref()?.revision / 2;
        self.versions.get(&(job.metadata.uid.clone()?, revision))?.last()?.status.clone()
    }

    /// An earlier status was put back.
    pub(crate) fn restored(&mut self, job: &std::sync::Arc<SubtitleJob>) {
        let uid = job.metadata.uid.clone().unwrap_or_default();
        let revision = job.status.as_ref().map_or(0, |status| status.revision);
        self.ends.retain(|(of, _), _| *of != uid);
        self.versions.entry((uid.clone(), revision)).or_default().push(job.clone());
        self.restored.insert(uid);
    }

    /// A new object has no history.
    pub(crate) fn created(&mut self, job: &std::sync::Arc<SubtitleJob>) {
        let uid = job.metadata.uid.clone().unwrap_or_default();
        self.versions.insert((uid, 0), vec![job.clone()]);
    }
}

/// Redis claims to have every event up to `offset`.
pub(crate) fn saved(world: &mut World, offset: i64) {
    if world.checks.checkpoint_is_stale {
        return;
    }
    let end = usize::try_from(offset.max(-1) + 1).unwrap_or(0).min(world.checks.stream.len());
    for at in world.checks.whole_until..end {
        let (job, id) = &world.checks.stream[at];
        if !job.is_empty() && !world.redis.histories.get(job).is_some_and(|history| history.contains(id)) {
            let how = format!("event {at} of the stream ({id} of {job}) is not in Redis, where the offset is {offset}");
            world.checks.broken("I1", || how);
            return;
        }
    }
    world.checks.whole_until = world.checks.whole_until.max(end);
}

/// The first event of the stream that is missing from the histories once everything has settled.
pub(crate) fn missing(world: &World) -> Option<String> {
    let is_missing = |(job, id): &&(String, Uuid)| {
        !job.is_empty() && !world.redis.histories.get(job).is_some_and(|history| history.contains(id))
    };
    world.checks.stream.iter().find(is_missing).map(|(job, id)| format!("I1: event {id} of {job} is in no history"))
}

/// A process checks whether events are queued.
pub(crate) fn asked(world: &mut World, process: usize) {
    let ids = |message: &Message| message.event.as_ref().map(|event| event.identity());
    let known: HashSet<Uuid> = world.broker.waiting(CONSUMER_QUEUE, process).filter_map(ids).collect();
    let all = world.broker.all(CONSUMER_QUEUE).filter_map(ids);
    let on_their_way = all.filter(|id| !known.contains(id)).collect();
    world.checks.on_their_way.push_back((world.elapsed, on_their_way));
    while world.checks.on_their_way.front().is_some_and(|(asked, _)| asked + DECIDED_WITHIN < world.elapsed) {
        world.checks.on_their_way.pop_front();
    }
}

/// A status replaced another.
pub(crate) fn wrote(world: &mut World, process: usize, before: &SubtitleJob, after: &std::sync::Arc<SubtitleJob>) {
    let uid = after.metadata.uid.clone().unwrap_or_default();
    let old = before.status.clone().unwrap_or_default();
    let Some(new) = after.status.clone() else { return };
    world.checks.writes += 1;
    world.checks.versions.entry((uid.clone(), new.revision)).or_default().push(after.clone());
    let describe = || {
        let of = |status: &SubtitleJobStatus| {
            format!("{} attempt {} revision {}", status.phase.as_str(), status.attempt, status.revision)
        };
        format!("{}: {} -> {}", after.metadata.name.clone().unwrap_or_default(), of(&old), of(&new))
    };
    let checks = &mut world.checks;
    let may_skip = checks.restored.contains(&uid);
    if new.revision != old.revision + 1 && !(may_skip && new.revision > old.revision) {
        checks.broken("revision grows by one", describe);
    }
    let old_attempt = old.attempt.max(1);
    if (new.attempt, phase_of(&new).rank()) < (old_attempt, phase_of(&old).rank())
        || (new.attempt > old_attempt + 1 && !may_skip)
    {
        checks.broken("I3", describe);
    }
    let same_attempt = new.attempt == old_attempt;
    if same_attempt
        && phase_of(&old).is_final()
        && (phase_of(&new) != phase_of(&old) || new.completion_time != old.completion_time)
    {
        checks.broken("I3, a final phase changes", describe);
    }
    if phase_of(&new).is_final() {
        let end = *checks.ends.entry((uid.clone(), new.attempt)).or_insert(phase_of(&new));
        if end != phase_of(&new) || new.completion_time.is_none() {
            checks.broken("I6", describe);
        }
    }
    budget(checks, &uid, &old, &new, after.spec.retry.limit, describe);
    // A final status that was put back has its attempt raised above the record's.
    let is_raised = may_skip && phase_of(&old).is_final() && phase_of(&new) == phase_of(&old);
    if !is_raised && (phase_of(&new), new.attempt) != (phase_of(&old), old_attempt) {
        truth(checks, &uid, &new, describe);
    }
    let corner = match (phase_of(&old), reason_of(&new)) {
        _ if new.retry_observed != old.retry_observed => Some(Corner::ManualRetry),
        (_, Some(Reason::DeadlineExceeded)) => Some(Corner::Deadline),
        (_, Some(Reason::WaitingForQuota)) => Some(Corner::Quota),
        (_, Some(Reason::SubtitleTranslated)) => Some(Corner::Translated),
        _ if reason_of(&old) == Some(Reason::Suspended) && phase_of(&new).is_final() => {
            Some(Corner::SuspendedWhileRunning)
        }
        _ => None,
    };
    if let Some(corner) = corner {
        world.reach(corner);
    }
    if phase_of(&new) == Phase::Failed
        && phase_of(&old) != Phase::Failed
        && reason_of(&new) == Some(Reason::DeadlineExceeded)
        && !world.checks.was_restored(&uid)
    {
        deadline(world, process, &uid, &old, after.spec.active_deadline_seconds);
    }
}

/// Checks that a failure is counted once, and the retry limit is kept.
fn budget(
    checks: &mut Checks,
    uid: &str,
    old: &SubtitleJobStatus,
    new: &SubtitleJobStatus,
    limit: u32,
    describe: impl Fn() -> String,
) {
    let is_manual = new.retry_observed != old.retry_observed;
    if new.failures > limit || (new.failures < old.failures && !is_manual) {
        checks.broken("retry budget", || format!("{}, failures {} of {limit}", describe(), new.failures));
    }
    let backs_off = new.attempt > old.attempt.max(1) && reason_of(new) == Some(Reason::BackingOff);
    if backs_off
        && (new.failures != old.failures + 1 || !checks.was_published(uid, old.attempt.max(1), &[EventType::Failed]))
    {
        checks.broken("a failure counts once", &describe);
    }
}

/// Checks that an event of this attempt justifies the status.
fn truth(checks: &mut Checks, uid: &str, new: &SubtitleJobStatus, describe: impl Fn() -> String) {
    use EventType as E;
    let backed_by: &[EventType] = match phase_of(new) {
        Phase::Pending => return,
        Phase::DownloadQueued => &[E::DownloadRequested],
        Phase::DownloadInProgress => &[E::DownloadStarted],
        Phase::TranslateQueued => &[E::TranslateRequested],
        Phase::TranslateInProgress => &[E::TranslateStarted, E::TranslateProgress],
        Phase::Done => &[E::Ready, E::Translated],
        Phase::Failed
            if matches!(reason_of(new), Some(Reason::DeadlineExceeded | Reason::InvalidSpec | Reason::Deleted)) =>
        {
            return;
        }
        Phase::Failed => &[E::Failed],
    };
    if !checks.was_published(uid, new.attempt, backed_by) {
        checks.broken("a phase without an event", &describe);
    }
    if phase_of(new) == Phase::TranslateQueued && (new.from.is_none() || new.step != Step::Translate) {
        checks.broken("a translation of nothing", describe);
    }
}

/// Checks that a deadline is due, and that no event from before it is still queued for the process that decides.
fn deadline(world: &mut World, process: usize, uid: &str, old: &SubtitleJobStatus, allowed: u32) {
    let has_worker = matches!(phase_of(old), Phase::DownloadInProgress | Phase::TranslateInProgress);
    let Some(since) = old.active_since.as_ref().filter(|_| has_worker) else {
        world.checks.broken("deadline", || format!("{uid} ended by a deadline that stood still"));
        return;
    };
    let due = since.0 + SignedDuration::from_secs(i64::from(allowed) - old.active_seconds);
    // By the clock of the process that decides.
    if due > world.latest_shown(process) {
        world.checks.broken("deadline", || format!("{uid} ended before its deadline"));
    }
    // Not by its own timestamp: it may have been created long before the broker received it.
    let since_when = |event: &Event| {
        let what = (event.job_id.clone(), event.attempt.unwrap_or(0), event.event_type.clone());
        world.checks.first_published.get(&what).map_or_else(|| world.clock(process), |clocks| clocks[process])
    };
    let in_time = |event: &Event| {
        let is_its = event.job_id == uid && event.attempt == Some(old.attempt) && since_when(event) < due;
        let was_known = !world.checks.on_their_way.iter().any(|(_, ids)| ids.contains(&event.identity()));
        is_its && was_known && matches!(event.event_type, EventType::Ready | EventType::Translated | EventType::Failed)
    };
    let waiting: BTreeSet<String> = world
        .broker
        .waiting(CONSUMER_QUEUE, process)
        .filter_map(|message| message.event.as_deref())
        .filter(|event| in_time(event))
        .map(|event| event.event_type.as_str().to_owned())
        .collect();
    if !waiting.is_empty() {
        world.checks.broken("deadline while events wait", || format!("{uid} ended although {waiting:?} waits"));
    }
}
