//! What is written beside a video never takes the place of what a person made, unless the job says so.

use std::fs;

use serde_json::json;
use subtitle_workers::find::written;

use super::{
    folder::{Folder, SPANISH, lines},
    matroska::{Sizes, Track, film},
};

fn library() -> Folder {
    let bytes = film(&[Track::text("spa", "", &SPANISH)], Sizes::Known);
    Folder::new(&[("film.mkv", bytes.as_slice()), ("film.es.srt", b"1\n00:00:01,000 --> 00:00:02,000\nCorregido.\n")])
}

#[tokio::test]
async fn a_file_that_is_there_is_left_alone_and_that_is_told() {
    let folder = library();
    let output = json!({"output": {"format": "SRT", "sidecar": "IfAbsent"}});
    let (_, warnings) = folder.download("es", output).await.expect("found");
    let kept = fs::read_to_string(folder.path.join("film.es.srt")).expect("there");
    assert!(kept.contains("Corregido."), "{kept}");
    assert!(warnings.iter().any(|warning| warning.contains("'film.es.srt' was left as it is")), "{warnings:?}");
    // The same again is nothing to tell.
    fs::remove_file(folder.path.join("film.es.srt")).expect("removed");
    for _ in 0..2 {
        let output = json!({"output": {"format": "SRT", "sidecar": "IfAbsent"}});
        assert_eq!(folder.download("es", output).await.expect("found").1, [] as [&str; 0]);
    }
    let written = fs::read_to_string(folder.path.join("film.es.srt")).expect("there");
    assert_eq!(lines(&written), SPANISH);
    let left = fs::read_dir(&folder.path).expect("a folder").filter_map(Result::ok).map(|entry| entry.file_name());
    let mut left: Vec<_> = left.collect();
    left.sort();
    assert_eq!(left, [".film.es.srt.subtitles-get", "film.es.srt", "film.mkv"], "no unfinished file");
    assert!(written::is_ours(&folder.path.join("film.es.srt")), "its digest is recorded");
    fs::write(folder.path.join("film.es.srt"), written + "\n").expect("written");
    assert!(!written::is_ours(&folder.path.join("film.es.srt")), "somebody changed it");
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_is_never_turned_into_a_file() {
    let folder = library();
    let (link, target) = (folder.path.join("film.es.srt"), folder.path.join("mine.txt"));
    fs::rename(&link, &target).expect("moved");
    for sidecar in ["IfAbsent", "Overwrite"] {
        for target in [&target, &folder.path.join("nowhere.txt")] {
            let _ = fs::remove_file(&link);
            std::os::unix::fs::symlink(target, &link).expect("linked");
            let output = json!({"output": {"format": "SRT", "sidecar": sidecar}});
            let (_, warnings) = folder.download("es", output).await.expect("found");
            assert!(fs::symlink_metadata(&link).expect("there").is_symlink(), "{sidecar}");
            assert!(warnings.iter().any(|warning| warning.contains("it is a link")), "{warnings:?}");
        }
    }
    assert!(fs::read_to_string(target).expect("there").contains("Corregido."));
}

#[tokio::test]
async fn a_job_may_overwrite() {
    let folder = library();
    let output = json!({"output": {"format": "SRT", "sidecar": "Overwrite"}});
    let (_, warnings) = folder.download("es", output.clone()).await.expect("found");
    assert_eq!(lines(&fs::read_to_string(folder.path.join("film.es.srt")).expect("there")), SPANISH);
    assert_eq!(warnings, ["the sidecar 'film.es.srt' was replaced: it held what somebody else had written or changed"]);
    // A file of its own that differs by now is no news.
    fs::write(folder.path.join("film.es.srt"), "1\n00:00:01,000 --> 00:00:02,000\nAntes.\n").expect("written");
    written::record(&folder.path.join("film.es.srt"), b"1\n00:00:01,000 --> 00:00:02,000\nAntes.\n").expect("recorded");
    assert_eq!(folder.download("es", output).await.expect("found").1, [] as [&str; 0]);
    assert_eq!(lines(&fs::read_to_string(folder.path.join("film.es.srt")).expect("there")), SPANISH);
}
