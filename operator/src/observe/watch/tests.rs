//! Applies lists and changes, as JSON, to the watch, and checks the store and the reports.

use std::{cell::RefCell, rc::Rc};

use kube::{
    ResourceExt as _,
    api::ObjectList,
    runtime::{
        reflector::{self, Store},
        watcher::Event,
    },
};
use serde_json::{Value, json};
use subtitle_contract::job::SubtitleJob;
use subtitle_telemetry::Registry;

use super::{
    apply::WatchApplier,
    guarded::{GuardedJob, Undecodable},
    reports::{WatchCallbacks, WatchMetrics},
};

fn object(name: &str, version: &str, change: impl Fn(&mut Value)) -> Value {
    let mut object = json!({
        "apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJob",
        "metadata": {"name": name, "namespace": "films", "uid": name, "resourceVersion": version},
        "spec": {"video": {"title": name}, "language": "es"},
    });
    change(&mut object);
    object
}

fn newer_schema(object: &mut Value) {
    object["spec"]["forced"] = json!("OnlyInScenesWithSigns");
}

type Change = fn(&mut Value);
type OnDeleted = Box<dyn Fn(SubtitleJob)>;
type OnUndecodable = Box<dyn Fn(&Undecodable)>;

/// A watch whose changes are JSON.
struct Played {
    store: Store<SubtitleJob>,
    applier: WatchApplier<OnDeleted, OnUndecodable>,
    registry: Registry,
    /// The reported objects as `name@version`, in order.
    undecodable: Rc<RefCell<Vec<String>>>,
    deleted: Rc<RefCell<Vec<String>>>,
}

impl Played {
    fn new() -> Self {
        let mut registry = Registry::new("test", "1");
        let (undecodable, deleted) = (Rc::<RefCell<Vec<String>>>::default(), Rc::<RefCell<Vec<String>>>::default());
        let (seen, gone) = (undecodable.clone(), deleted.clone());
        let reports = WatchCallbacks {
            deleted: Box::new(move |job: SubtitleJob| gone.borrow_mut().push(job.name_any())) as OnDeleted,
            undecodable: Box::new(move |object: &Undecodable| {
                seen.borrow_mut().push(format!("{}@{}", object.name(), object.resource_version()));
            }) as OnUndecodable,
            metrics: WatchMetrics::register(&mut registry),
        };
        let (store, writer) = reflector::store();
        Self { applier: WatchApplier::new(store.clone(), writer, reports), store, registry, undecodable, deleted }
    }

    /// A whole list, as kube's client decodes it.
    fn list(&mut self, objects: &[Value]) {
        let list = json!({"apiVersion": "subtitles.dev/v1alpha1", "kind": "SubtitleJobList",
            "metadata": {"resourceVersion": "9"}, "items": objects});
        let list: ObjectList<GuardedJob> = serde_json::from_str(&list.to_string()).expect("a list always decodes");
        self.applier.apply(Event::Init);
        for job in list.items {
            self.applier.apply(Event::InitApply(job));
        }
        self.applier.apply(Event::InitDone);
    }

    fn apply(&mut self, object: Value) {
        self.applier.apply(Event::Apply(serde_json::from_value(object).expect("an object always decodes")));
    }

    fn held(&self) -> Vec<String> {
        let mut held: Vec<String> = self.store.state().iter().map(|job| job.name_any()).collect();
        held.sort();
        held
    }

    fn counts(&self, count: usize) -> bool {
        self.registry.text().contains(&format!("subtitle_undecodable_objects{{}} {count}\n"))
    }
}

#[test]
fn one_undecodable_object_does_not_keep_the_others_out_of_the_store() {
    let overflow = |object: &mut Value| object["status"] = json!({"attempt": 99_999_999_999_u64});
    let managed_later = |object: &mut Value| {
        object["metadata"]["managedFields"] = json!([{"manager": "kubectl", "time": "9999-12-31T23:59:59Z"}]);
    };
    let born_later = |object: &mut Value| object["metadata"]["creationTimestamp"] = json!("9999-12-31T23:59:59Z");
    let kinds: [(Change, bool); 4] =
        [(newer_schema, false), (overflow, false), (born_later, false), (managed_later, true)];
    for (change, is_decodable) in kinds {
        let mut played = Played::new();
        played.list(&[object("a", "1", |_| {}), object("b", "2", change), object("c", "3", |_| {})]);
        let expected: &[&str] = if is_decodable { &["a", "b", "c"] } else { &["a", "c"] };
        assert_eq!(played.held(), expected);
        assert!(played.counts(usize::from(!is_decodable)), "{}", played.registry.text());
        assert_eq!(played.undecodable.borrow().len(), usize::from(!is_decodable));
    }
}

#[test]
fn each_version_is_reported_once_and_a_job_that_becomes_undecodable_is_not_reported_as_deleted() {
    let mut played = Played::new();
    played.list(&[object("a", "1", |_| {}), object("b", "2", |_| {})]);
    played.apply(object("b", "3", newer_schema));
    assert_eq!(played.held(), ["a"], "an outdated copy is still in the store");
    played.list(&[object("a", "1", |_| {}), object("b", "3", newer_schema)]);
    played.apply(object("b", "4", newer_schema));
    assert_eq!(*played.undecodable.borrow(), ["b@3", "b@4"]);
    assert!(played.counts(1) && played.applier.all_in_namespace("films").len() == 2);
    played.apply(object("b", "5", |_| {}));
    assert!(played.counts(0) && played.held() == ["a", "b"], "the object is still in quarantine");
    assert!(played.deleted.borrow().is_empty());
    let deleted = serde_json::from_value(object("b", "6", |_| {})).expect("an object");
    played.applier.apply(Event::Delete(deleted));
    assert_eq!(*played.deleted.borrow(), ["b"]);
    played.apply(object("c", "7", newer_schema));
    played.list(&[object("a", "1", |_| {})]);
    assert!(played.counts(0), "a deleted object is still counted");
}
