//! Whole plans: what is created and deleted, and when.

use jiff::SignedDuration;
use kube::ResourceExt as _;
use serde_json::json;
use subtitle_contract::{
    job::{Sidecar, TranslationPolicy},
    policy::{LastScan, PairCounts},
};

use super::world::World;

const MINUTE: SignedDuration = SignedDuration::from_mins(1);
const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// A world whose library has been scanned.
fn scanned(spec: &serde_json::Value, videos: usize) -> World {
    let mut world = World::new(spec);
    for number in 0..videos {
        world.add(&format!("film{number}.mkv"), &format!("{number:016x}"));
    }
    let first = world.step();
    assert!(first.scan.is_some() && first.create.is_empty(), "a new policy scans first");
    world
}

#[test]
fn a_policy_is_satisfied_once_each_missing_subtitle_has_been_made() {
    let mut world = scanned(&json!({}), 3);
    assert_eq!(world.condition("Satisfied"), "False", "a scan has said what is missing");
    let plan = world.step();
    assert_eq!((plan.create.len(), plan.scan, world.condition("Satisfied")), (3, None, "False".to_owned()));
    let job = &plan.create[0];
    assert_eq!((job.spec.language.as_str(), job.spec.video.path.as_deref()), ("es", Some("film0.mkv")));
    assert_eq!(job.spec.output.sidecar, Sidecar::IfAbsent);
    let owner = &job.owner_references()[0];
    assert_eq!((owner.kind.as_str(), owner.uid.as_str(), owner.controller), ("SubtitlePolicy", "0c1d", Some(true)));
    assert!(job.labels()["subtitles.dev/policy"] == "house" && job.name_any().starts_with("house-"));
    for name in world.live() {
        world.end(&name, true);
    }
    let plan = world.step();
    assert_eq!(plan.status.pairs, PairCounts { wanted: 3, satisfied: 3, ..PairCounts::default() });
    assert_eq!((world.condition("Satisfied").as_str(), world.condition("Ready").as_str()), ("True", "True"));
    assert_eq!(plan.status.message.as_deref(), Some("3 of 3 subtitles are there"));
    world.pass(MINUTE);
    let again = world.planned();
    assert!(
        again.changes.is_empty() && again.create.is_empty() && again.status == plan.status,
        "a plan at rest writes"
    );
}

#[test]
fn limits_hold_and_what_waits_has_its_turn_later() {
    let mut world = scanned(&json!({"limits": {"active": 4, "newPerHour": 6}}), 12);
    assert_eq!(world.step().create.len(), 4);
    for name in world.live() {
        world.end(&name, true);
    }
    assert_eq!(world.step().create.len(), 2, "two are left of the hour");
    for name in world.live() {
        world.end(&name, true);
    }
    assert_eq!(world.step().create.len(), 0);
    world.pass(HOUR);
    assert_eq!(world.step().create.len(), 4);
}

#[test]
fn a_policy_that_observes_or_is_held_creates_nothing_and_draining_takes_back_what_no_worker_has() {
    for spec in [json!({"mode": "Observe"}), json!({"stop": "Hold"}), json!({"stop": "HoldAndDrain"})] {
        let mut world = scanned(&spec, 2);
        assert!(world.step().create.is_empty());
        assert_eq!((world.condition("Suspended").as_str(), world.condition("Satisfied").as_str()), ("True", "False"));
    }
    let mut world = scanned(&json!({}), 2);
    world.step();
    let [begun, waiting] = [world.live().remove(0), world.live().remove(1)];
    let mut working = world.jobs[&begun].as_ref().clone();
    working.status =
        Some(serde_json::from_value(json!({"phase": "DownloadInProgress", "attempt": 1})).expect("a status"));
    world.jobs.insert(begun.clone(), working.into());
    world.policy.spec.stop = subtitle_contract::policy::PolicyStop::HoldAndDrain;
    assert_eq!(world.step().delete.iter().map(|job| job.name_any()).collect::<Vec<_>>(), [waiting]);
}

#[test]
fn a_changed_template_replaces_the_jobs_that_no_worker_has_begun() {
    let mut world = scanned(&json!({}), 1);
    let before = world.step().create.remove(0);
    world.policy.spec.template.spec.selection.minimum_score = 60;
    let plan = world.step();
    assert_eq!((plan.delete.len(), plan.create.len()), (1, 1));
    assert_eq!(plan.create[0].spec.selection.minimum_score, 60);
    assert_ne!(plan.create[0].name_any(), before.name_any());
}

#[test]
fn a_failed_search_is_repeated_after_growing_waits_until_it_is_given_up() {
    let search = json!({"again": "24h", "factor": 2, "longest": "4d", "giveUpAfter": "30d"});
    let mut world = scanned(&json!({"search": search, "scan": {"interval": "365d"}}), 1);
    let start = world.now;
    let mut days = Vec::new();
    for _ in 0..24 * 60 {
        if !world.step().create.is_empty() {
            days.push(world.now.duration_since(start).as_hours() / 24);
        }
        for name in world.live() {
            world.end(&name, false);
        }
        world.pass(HOUR);
    }
    assert_eq!(days, [0, 1, 3, 7, 11, 15, 19, 23, 27]);
    let status = world.policy.status.as_ref().expect("a status");
    assert_eq!((status.pairs.given_up, status.missing[0].reason.as_str()), (1, "NoSubtitleFound"));
}

#[test]
fn a_subtitle_is_translated_only_after_the_wait_for_one_that_somebody_made() {
    let languages = json!([{"language": "es", "translateAfter": "6h"}]);
    let mut world = scanned(&json!({"languages": languages, "scan": {"interval": "365d"}}), 1);
    let first = world.step().create.remove(0);
    assert_eq!(first.spec.translation.policy, TranslationPolicy::Never);
    world.end(&first.name_any(), false);
    world.step();
    world.pass(HOUR * 6);
    let second = world.step().create.remove(0);
    assert_eq!(second.spec.translation.policy, TranslationPolicy::IfNotFound);
}

#[test]
fn jobs_that_exist_already_are_adopted_when_the_ledger_was_lost() {
    let mut world = scanned(&json!({}), 2);
    world.step();
    let before = world.live();
    world.ledger.clear();
    let plan = world.step();
    assert!(plan.scan.is_some(), "an emptied ledger is rebuilt by a scan");
    let plan = world.step();
    assert_eq!((plan.create.len(), world.live()), (0, before));
    assert_eq!(plan.status.pairs.active, 2);
}

#[test]
fn a_job_that_somebody_deleted_is_created_again() {
    let mut world = scanned(&json!({}), 1);
    let name = world.step().create[0].name_any();
    world.jobs.clear();
    world.created.clear();
    assert!(world.step().create.is_empty(), "the cache may lag behind");
    world.pass(MINUTE * 2);
    world.step();
    assert_eq!(world.live(), [name]);
}

#[test]
fn a_scan_follows_the_interval_an_annotation_a_changed_spec_and_a_scan_that_was_lost() {
    let mut world = scanned(&json!({"scan": {"interval": "6h"}}), 1);
    assert!(world.step().scan.is_none());
    world.pass(HOUR * 6);
    assert!(world.step().scan.is_some());
    assert!(world.step().scan.is_none());
    world.policy.annotations_mut().insert("subtitles.dev/scan".into(), "now".into());
    assert!(world.step().scan.is_some());
    assert!(world.step().scan.is_none());
    world.policy.metadata.generation = Some(2);
    assert!(world.step().scan.is_some());
    assert!(world.step().scan.is_none());
    let status = world.policy.status.as_mut().expect("a status");
    let scan = status.last_scan.take().expect("a scan");
    status.last_scan = Some(LastScan { completed: None, ..scan });
    assert!(world.step().scan.is_none());
    world.pass(HOUR * 6);
    assert!(world.step().scan.is_some());
}
