//! The conditions and the message of a policy's status, derived from what is known and from what holds it up. Pure.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use subtitle_contract::{
    policy::{PolicyMode, PolicyStop, SubtitlePolicy, SubtitlePolicyStatus},
    text::{MAX_MESSAGE_CHARS, sanitize},
};

/// The condition that a plausible scan makes true.
pub(super) const PLAUSIBLE: &str = "ScanPlausible";

/// Why a policy creates no jobs whatever is missing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stalled {
    pub(super) reason: &'static str,
    pub(super) message: String,
}

/// Type, value, reason and message of a condition.
type Row = (&'static str, Option<bool>, &'static str, String);

/// Whether the last scan that ended was plausible; `None` before the first.
pub(super) fn is_plausible(status: &SubtitlePolicyStatus) -> Option<bool> {
    let condition = status.conditions.iter().find(|condition| condition.type_ == PLAUSIBLE)?;
    match condition.status.as_str() {
        "True" => Some(true),
        "False" => Some(false),
        _ => None,
    }
}

/// What the scan that just ended says; the one before it while a scan runs.
fn scan_rows(status: &SubtitlePolicyStatus) -> [Row; 2] {
    let Some(scan) = status.last_scan.as_ref().filter(|scan| scan.completed.is_some()) else {
        let kept = |kind: &'static str| {
            let known = status.conditions.iter().find(|condition| condition.type_ == kind)?;
            let value = match known.status.as_str() {
                "True" => true,
                "False" => false,
                _ => return None,
            };
            let reason = if value { "Scanned" } else { "ScanNotUsable" };
            Some((kind, Some(value), reason, known.message.clone()))
        };
        let unknown = |kind| (kind, None, "NotScannedYet", "the library has not been scanned yet".to_owned());
        return ["LibraryReachable", PLAUSIBLE].map(|kind| kept(kind).unwrap_or_else(|| unknown(kind)));
    };
    let (videos, unreadable) = (scan.videos, scan.unreadable);
    let listed = format!("the scan found {videos} videos and could not read {unreadable} files or folders");
    let row = |kind, value, message| {
        let reason = if value { "Scanned" } else { "ScanNotUsable" };
        (kind, Some(value), reason, message)
    };
    let explained = |implausible: &String| {
        format!("{implausible}; if that is right: kubectl annotate subpol NAME subtitles.dev/accept-scan={}", scan.id)
    };
    [
        row(
            "LibraryReachable",
            scan.is_complete,
            scan.implausible.clone().filter(|_| !scan.is_complete).unwrap_or_else(|| listed.clone()),
        ),
        row(PLAUSIBLE, scan.implausible.is_none(), scan.implausible.as_ref().map_or(listed, explained)),
    ]
}

/// Sets message and conditions; an unchanged condition keeps its transition time.
pub(super) fn set(
    policy: &SubtitlePolicy,
    status: &mut SubtitlePolicyStatus,
    stalled: Option<&Stalled>,
    now: Timestamp,
) {
    let [reachable, plausible] = scan_rows(status);
    let pairs = status.pairs;
    // Without any pair the ledger is lost, or nothing was listed.
    let is_known = plausible.1 == Some(true) && pairs.wanted > 0;
    let counted = match pairs.missing {
        0 => format!("{} of {} subtitles are there", pairs.satisfied, pairs.wanted),
        missing => format!("{missing} of {} subtitles are missing", pairs.wanted),
    };
    let satisfied = match (is_known, pairs.missing) {
        (false, _) => (None, "NotScannedYet"),
        (true, 0) => (Some(true), "NothingMissing"),
        (true, _) => (Some(false), "SubtitlesMissing"),
    };
    let suspended = match (policy.spec.stop, policy.spec.mode) {
        (PolicyStop::Hold | PolicyStop::HoldAndDrain, _) => (true, "Held", "spec.stop is set: no jobs are created"),
        (PolicyStop::None, PolicyMode::Observe) => (true, "Observing", "spec.mode is Observe: no jobs are created"),
        (PolicyStop::None, PolicyMode::Enforce) => (false, "NotSuspended", "jobs are created"),
    };
    let (stalled_reason, stalled_message) = match stalled {
        Some(stalled) => (stalled.reason, stalled.message.clone()),
        None => ("NotStalled", "nothing holds the policy up".to_owned()),
    };
    let message = match (stalled, is_known) {
        (Some(_), _) => stalled_message.clone(),
        (None, false) => plausible.3.clone(),
        (None, true) => counted.clone(),
    };
    let is_ready = is_known && stalled.is_none();
    let rows: [Row; 6] = [
        ("Ready", Some(is_ready), if is_ready { "Scanned" } else { "NotReady" }, message.clone()),
        ("Satisfied", satisfied.0, satisfied.1, counted),
        reachable,
        plausible,
        ("Suspended", Some(suspended.0), suspended.1, suspended.2.to_owned()),
        ("Stalled", Some(stalled.is_some()), stalled_reason, stalled_message),
    ];
    let conditions = rows.into_iter().map(|(kind, value, reason, message)| {
        let value = value.map_or("Unknown", |value| if value { "True" } else { "False" });
        let before = status.conditions.iter().find(|before| before.type_ == kind && before.status == value);
        Condition {
            type_: kind.to_owned(),
            status: value.to_owned(),
            observed_generation: policy.metadata.generation,
            last_transition_time: before.map_or(Time(now), |before| before.last_transition_time.clone()),
            message: sanitize(&message, MAX_MESSAGE_CHARS),
            reason: reason.to_owned(),
        }
    });
    status.conditions = conditions.collect();
    status.message = Some(sanitize(&message, MAX_MESSAGE_CHARS));
}
