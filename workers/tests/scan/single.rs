//! Scans of single paths, as an import hook asks for them, and tasks that ask for what they may not have.

use std::sync::Arc;

use serde_json::json;
use subtitle_contract::policy::scan::{ScanRequested, ScanSelection};
use subtitle_workers::task::Settlement;

use crate::{
    library::Library,
    rig::{Outbox, Rig, request, task},
};

const RULES: &str = r#"[{"name": "films", "read": ["n"], "subPaths": {"n": "team"}}]"#;

fn library() -> Library {
    Library::with(&["a.mkv", "team/b.mkv", "team/b.es.srt", "team/b2.mkv", "team/series/s1/c.mkv", "team/series/d.mkv"])
}

fn paths(paths: &[&str]) -> ScanRequested {
    request(ScanSelection::default(), paths)
}

#[tokio::test]
async fn a_scan_of_paths_lists_those_files_and_what_is_below_those_folders() {
    let library = library();
    let rig = Rig::new(&library);
    let scan = rig.scan(&paths(&["team/series/", "team/b.mkv", "team/gone.mkv", "gone/e.mkv", "team/b.mkv"])).await;
    assert_eq!(scan.paths(), ["team/b.mkv", "team/series/d.mkv", "team/series/s1/c.mkv"]);
    assert_eq!(scan.videos().next().expect("a video").sidecars.len(), 1);
    assert!(scan.finished.is_complete && scan.finished.paths.len() == 5);
    let overlapping = rig.scan(&paths(&["team", "team/b.mkv", "team/series/s1"])).await;
    assert_eq!(overlapping.paths().len(), 4, "each video once");
    assert_eq!(rig.store.names("n/scans").await.expect("listed"), Vec::<String>::new(), "it keeps nothing for others");
}

#[tokio::test]
async fn a_namespace_is_answered_with_its_own_folder_only() {
    let library = library();
    let rig = Rig::new(&library).with_rules(RULES);
    let all = ["team/b.mkv", "team/b2.mkv", "team/series/d.mkv", "team/series/s1/c.mkv"];
    assert_eq!(rig.scan_all().await.paths(), all);
    assert_eq!(rig.scan(&paths(&["team"])).await.paths(), all);
    for path in ["a.mkv", "team/../a.mkv", "teams/x.mkv", "/etc", ".", ""] {
        let scan = rig.scan(&paths(&[path])).await;
        assert!(scan.paths().is_empty() && !scan.finished.is_complete, "{path}: {scan:?}");
    }
}

#[tokio::test]
async fn a_scan_that_cannot_begin_says_why() {
    let library = library();
    let rig = Rig::new(&library);
    let glob = ScanSelection { include: vec!["a[".to_owned()], ..ScanSelection::default() };
    let denied = Rig::new(&library).with_rules(r#"[{"name": "films", "read": ["another"]}]"#);
    let unmounted = ScanRequested { library: "series".to_owned(), ..paths(&[]) };
    let missing = Rig::new(&library).with_rules(r#"[{"name": "films", "read": ["n"], "subPaths": {"n": "nowhere"}}]"#);
    for (rig, request, why) in [
        (&rig, request(glob, &[]), "failed to read the glob 'a['"),
        (&denied, paths(&[]), "may not read the library 'films'"),
        (&rig, unmounted, "library 'series' is not mounted"),
        (&missing, paths(&[]), "failed to open the folder 'nowhere'"),
    ] {
        let scan = rig.scan(&request).await;
        let message = scan.finished.message.expect("a message");
        assert!(message.contains(why) && !scan.finished.is_complete, "{message}");
    }
}

#[tokio::test]
async fn a_malformed_task_goes_to_the_dead_letters() {
    let library = library();
    let rig = Rig::new(&library);
    let mut body: serde_json::Value = serde_json::from_slice(&task(&paths(&[]))).expect("JSON");
    body["payload"]["scan_id"] = json!("no id");
    for body in [body.to_string(), "no JSON".to_owned()] {
        let outbox = Arc::<Outbox>::default();
        assert_eq!(rig.deliver(&rig.context(&outbox), body.as_bytes()).await, Settlement::Ack);
        assert_eq!(outbox.dead.lock().expect("not poisoned").len(), 1, "{body}");
    }
}
