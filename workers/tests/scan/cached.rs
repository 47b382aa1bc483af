//! Only what changed since an earlier scan is opened, whatever became of what that scan kept.

use std::time::Duration;

use subtitle_contract::policy::scan::{ScanSelection, ScannedVideo, SidecarAuthor};
use subtitle_workers::{find::written, store::sha256};

use crate::{
    library::{Library, matroska},
    rig::{Rig, request},
};

fn library() -> (Library, Rig) {
    let library = Library::new();
    for at in 0..40 {
        library.write(&format!("s{}/e{at:02}.mkv", at % 4), matroska(&[("S_TEXT/UTF8", "eng", "", vec![])]));
        library.write(&format!("s{}/e{at:02}.es.srt", at % 4), at.to_string());
    }
    let rig = Rig::new(&library);
    (library, rig)
}

/// Scans; returns how many videos were opened, known, and all.
async fn scan(rig: &Rig) -> ([u64; 2], Vec<ScannedVideo>) {
    let before = ["opened", "known"].map(|outcome| rig.counted(outcome));
    let videos = rig.scan_all().await.videos().cloned().collect();
    let after = ["opened", "known"].map(|outcome| rig.counted(outcome));
    ([after[0] - before[0], after[1] - before[1]], videos)
}

#[tokio::test]
async fn only_what_changed_is_opened() {
    let (library, rig) = library();
    let (opened, first) = scan(&rig).await;
    assert_eq!((opened, first.len()), ([40, 0], 40));
    assert_eq!(scan(&rig).await, ([0, 40], first.clone()));

    library.write("s1/e01.mkv", matroska(&[]));
    library.write("s2/e02.es.srt", "corrected");
    library.remove("s3/e03.mkv");
    library.write("s0/e99.mkv", matroska(&[]));
    written::record(&library.0.join("s3/e07.es.srt"), b"7").expect("recorded");
    let (opened, second) = scan(&rig).await;
    assert_eq!((opened, second.len()), ([4, 36], 40), "a video, a sidecar, a new video and a record");
    let find = |path: &str| second.iter().find(|video| video.path == path).expect(path);
    assert!(find("s1/e01.mkv").tracks.is_empty() && find("s2/e02.mkv").sidecars[0].digest == sha256(b"corrected"));
    assert_eq!(find("s3/e07.mkv").sidecars[0].author, SidecarAuthor::Found);
    assert_eq!(scan(&rig).await.0[1], 40);
}

#[tokio::test]
async fn a_file_that_changed_a_moment_ago_is_opened_again() {
    let (library, rig) = library();
    library.touch("s1/e01.mkv", Duration::ZERO);
    library.touch("s2/e02.es.srt", Duration::ZERO);
    scan(&rig).await;
    assert_eq!(scan(&rig).await.0, [2, 38], "it may have changed since within one tick of the file system's clock");
}

#[tokio::test]
async fn what_is_damaged_or_missing_is_learned_again() {
    let (_library, rig) = library();
    let (_, all) = scan(&rig).await;
    for (name, content) in
        [("manifest", "{"), ("manifest", r#"{"format": 1, "segments": [{"last": "z", "sha256": "missing"}]}"#)]
    {
        rig.store.replace(&format!("n/scans/films/{name}"), content.into()).await.expect("written");
        assert_eq!(scan(&rig).await, ([40, 0], all.clone()), "{content}");
    }
    let names = rig.store.names("n/scans/films").await.expect("listed");
    let segment = names.iter().find(|name| *name != "manifest").expect("a segment");
    rig.store.replace(&format!("n/scans/films/{segment}"), "{}\n".into()).await.expect("written");
    assert_eq!(scan(&rig).await, ([40, 0], all.clone()), "the content is not what its name says");
    assert_eq!(scan(&rig).await, ([0, 40], all));
}

#[tokio::test]
async fn two_policies_of_one_library_do_not_undo_what_the_other_learned() {
    let (_library, rig) = library();
    scan(&rig).await;
    let one_season = ScanSelection { include: vec!["s1/**".to_owned()], ..ScanSelection::default() };
    assert_eq!(rig.scan(&request(one_season, &[])).await.finished.videos, 10);
    assert_eq!(scan(&rig).await.0, [0, 40]);
}

#[tokio::test]
async fn an_empty_library_keeps_what_was_learned() {
    let (library, rig) = library();
    scan(&rig).await;
    let away = library.0.with_extension("away");
    std::fs::rename(&library.0, &away).expect("unmounted");
    std::fs::create_dir(&library.0).expect("the empty folder of the mount");
    assert_eq!(scan(&rig).await.1, []);
    std::fs::remove_dir(&library.0).expect("removed");
    std::fs::rename(&away, &library.0).expect("mounted");
    assert_eq!(scan(&rig).await.0, [0, 40]);
}
