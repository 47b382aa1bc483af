//! What a scan says of a video: the file, what lies beside it, and what is inside.

use std::{fs, time::Duration};

use serde_json::{Value, json};
use subtitle_contract::policy::scan::ScanSelection;
use subtitle_workers::{find::written, store::sha256};

use crate::{
    library::{Library, matroska},
    rig::{Rig, request},
};

/// Enough for its language to be certain.
const ENGLISH: [&str; 12] = [
    "The lantern went out before we reached the bridge.",
    "Did anybody see who was carrying the map?",
    "Then we have to wait until morning, I suppose.",
    "Nobody crosses the river in the dark, you know that.",
    "My father crossed it once, when the winter was cold.",
    "And what did he find on the other side of the water?",
    "A house with no door and a dog that would not bark.",
    "You have never told me that story before.",
    "I did not believe it myself when I was a child.",
    "We should have gone home when the rain began.",
    "There is still some bread in the basket for the girl.",
    "Listen, somebody is walking behind the trees.",
];

fn srt(lines: &[&str]) -> String {
    let cue = |(at, line): (usize, &&str)| format!("{}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{line}\n\n", at + 1);
    lines.iter().enumerate().map(cue).collect()
}

#[tokio::test]
async fn a_video_is_listed_with_the_subtitles_beside_and_inside_it() {
    let library = Library::new();
    let flags = [[0x55, 0xAA, 0x81, 1], [0x55, 0xAB, 0x81, 1]].concat();
    let video = matroska(&[
        ("S_TEXT/UTF8", "spa", "", vec![0x88, 0x81, 0]),
        ("S_HDMV/PGS", "eng", "Signs\u{1}", flags),
        ("S_KATE", "eng", "a codec that nobody reads", vec![]),
    ]);
    library.write("films/Harbour/Harbour.mkv", &video);
    library.write("films/Harbour/Harbour.es.srt", "un texto");
    library.write("films/Harbour/Harbour.en.sdh.srt", "a person's");
    let unnamed = srt(&ENGLISH);
    library.write("films/Harbour/Harbour.srt", &unnamed);
    library.write("films/Harbour/Harbour.fr.srt", "found");
    library.write("films/Harbour/.Harbour.de.srt.machine-translated", sha256(b"translated") + "\n");
    library.write("films/Harbour/Harbour.de.srt", "translated");
    library.write("films/Harbour/.Harbour.it.srt.machine-translated", sha256(b"as it was") + "\n");
    library.write("films/Harbour/Harbour.it.srt", "as somebody corrected it");
    library.write("films/Harbour/Harbour.nl.sub", [0, 0, 1, 0xBA, 0x44]);
    library.write("films/Harbour/Subs/2_Portuguese.srt", "dentro");
    library.write("films/Harbour/Other.es.srt", "of another video");
    written::record(&library.0.join("films/Harbour/Harbour.fr.srt"), b"found").expect("recorded");

    let scan = Rig::new(&library).scan_all().await;
    assert!(scan.finished.is_complete && scan.unreadable().is_empty(), "{scan:?}");
    let sidecar = |name: &str, language: &str, content: &str, author: &str, flags: Value| json!({"name": name, "language": language, "flags": flags, "digest": sha256(content.as_bytes()), "author": author});
    let found = serde_json::to_value(scan.videos().next().expect("a video")).expect("JSON");
    assert_eq!(
        found["sidecars"],
        json!([
            sidecar("Harbour.de.srt", "de", "translated", "Translated", json!([])),
            sidecar("Harbour.en.sdh.srt", "en", "a person's", "Person", json!(["HearingImpaired"])),
            sidecar("Harbour.es.srt", "es", "un texto", "Person", json!([])),
            sidecar("Harbour.fr.srt", "fr", "found", "Found", json!([])),
            sidecar("Harbour.it.srt", "it", "as somebody corrected it", "Person", json!([])),
            sidecar("Harbour.srt", "en", &unnamed, "Person", json!([])),
            sidecar("Subs/2_Portuguese.srt", "pt", "dentro", "Person", json!([])),
        ])
    );
    assert_eq!(
        found["tracks"],
        json!([
            {"language": "es", "kind": "Text", "flags": [], "name": ""},
            {"language": "en", "kind": "Picture", "flags": ["Forced", "HearingImpaired", "Default"], "name": "Signs"},
        ])
    );
    let metadata = fs::metadata(library.0.join("films/Harbour/Harbour.mkv")).expect("there");
    let modified = jiff::Timestamp::try_from(metadata.modified().expect("a time")).expect("a time");
    assert_eq!(
        (&found["path"], &found["size_bytes"], &found["duration_seconds"], &found["modified"]),
        (&json!("films/Harbour/Harbour.mkv"), &json!(video.len()), &json!(90), &json!(modified))
    );
    assert_eq!(found["hash"].as_str().map(str::len), Some(16), "{}", found["hash"]);
}

#[tokio::test]
async fn globs_select_and_what_servers_hide_is_not_walked() {
    let library = Library::with(&[
        "films/a.mkv",
        "films/extras/b.mkv",
        "films/.hidden/c.mkv",
        "films/@eaDir/d.mkv",
        "films/.e.mkv",
        "series/f.mp4",
        "series/note.txt",
        "g.avi",
    ]);
    let rig = Rig::new(&library);
    assert_eq!(rig.scan_all().await.paths(), ["g.avi", "films/a.mkv", "films/extras/b.mkv", "series/f.mp4"]);
    let globs = |globs: &[&str]| globs.iter().map(ToString::to_string).collect();
    let select = ScanSelection { include: globs(&["films/**"]), exclude: globs(&["**/extras/**"]), settle_seconds: 0 };
    assert_eq!(rig.scan(&request(select, &[])).await.paths(), ["films/a.mkv"]);
}

#[tokio::test]
async fn a_file_that_changed_lately_is_listed_once_it_has_stood_still() {
    let library = Library::with(&["new.mkv", "old.mkv"]);
    library.touch("new.mkv", Duration::from_secs(100));
    let rig = Rig::new(&library);
    let select = |settle_seconds| request(ScanSelection { settle_seconds, ..ScanSelection::default() }, &[]);
    let scan = rig.scan(&select(300)).await;
    assert_eq!(
        (scan.paths(), scan.unreadable()),
        (vec!["old.mkv"], vec![("new.mkv", "it changed less than 300 s ago")])
    );
    assert!(scan.finished.is_complete && rig.counted("settling") == 1);
    let wait = scan.finished.settled_at.expect("a time").duration_since(jiff::Timestamp::now());
    assert!((150..=200).contains(&wait.as_secs()), "{wait:?}");
    let scan = rig.scan(&select(60)).await;
    assert_eq!((scan.paths(), scan.finished.settled_at), (vec!["new.mkv", "old.mkv"], None));
    assert!(rig.registry.text().contains("subtitle_scan_seconds_count{} 2"));
}
