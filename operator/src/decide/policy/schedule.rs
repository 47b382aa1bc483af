//! When a policy's library is scanned next, and when a missing subtitle is searched for again. Pure.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt as _;
use subtitle_contract::policy::{
    ACCEPT_SCAN_ANNOTATION, LastScan, SCAN_ANNOTATION, SearchSchedule, SubtitlePolicy, SubtitlePolicyStatus,
};
use uuid::Uuid;

/// A scan that has not ended after this time is lost.
const SCAN_TIMEOUT: SignedDuration = SignedDuration::from_hours(6);
/// An incomplete scan is repeated after this time.
const REPEAT_INCOMPLETE: SignedDuration = SignedDuration::from_mins(5);
/// The shortest time between two scans.
const MIN_INTERVAL: SignedDuration = SignedDuration::from_mins(1);
/// The longest value of an annotation in a status, in characters.
const MAX_TOKEN: usize = 256;

/// The value of the annotation that starts a scan.
pub(super) fn token(policy: &SubtitlePolicy) -> Option<String> {
    Some(policy.annotations().get(SCAN_ANNOTATION)?.chars().take(MAX_TOKEN).collect())
}

/// Whether a person says that the result of this scan is right.
pub(super) fn is_accepted(policy: &SubtitlePolicy, scan: &LastScan) -> bool {
    policy.annotations().get(ACCEPT_SCAN_ANNOTATION).is_some_and(|accepted| *accepted == scan.id.to_string())
}

/// When the next scan starts.
pub(super) fn next_scan(policy: &SubtitlePolicy, status: &SubtitlePolicyStatus, now: Timestamp) -> Timestamp {
    let is_asked_for =
        status.observed_generation != policy.metadata.generation || token(policy) != status.scan_observed;
    let Some(last) = status.last_scan.as_ref().filter(|_| !is_asked_for) else { return now };
    let interval = policy.spec.scan.interval.duration().max(MIN_INTERVAL);
    match &last.completed {
        None => last.started.0 + SCAN_TIMEOUT,
        Some(completed) if last.is_complete => completed.0 + interval,
        Some(completed) => completed.0 + interval.min(REPEAT_INCOMPLETE),
    }
}

/// A scan that starts now. Its id tells when, and is the same however often it is made at that time.
pub(super) fn new_scan(policy_uid: &str, now: Timestamp) -> LastScan {
    let seed = Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{policy_uid}\n{now}").as_bytes());
    let mut random = [0; 10];
    random.copy_from_slice(&seed.as_bytes()[..10]);
    let milliseconds = u64::try_from(now.as_millisecond()).unwrap_or_default();
    let id = uuid::Builder::from_unix_timestamp_millis(milliseconds, &random).into_uuid();
    LastScan {
        id,
        started: Time(now),
        completed: None,
        videos: 0,
        unreadable: 0,
        is_complete: false,
        implausible: None,
    }
}

/// When a subtitle is searched for again after this many searches without success.
pub(super) fn search_again(search: &SearchSchedule, failures: u32, now: Timestamp) -> Timestamp {
    let factor = i64::from(search.factor.max(1)).checked_pow(failures.saturating_sub(1).min(64));
    let seconds = factor.and_then(|factor| factor.checked_mul(i64::from(search.again.seconds()).max(60)));
    let longest = i64::from(search.longest.seconds()).max(60);
    now + SignedDuration::from_secs(seconds.unwrap_or(longest).min(longest))
}
