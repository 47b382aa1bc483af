//! What is planted in a library reaches nothing outside of it and does not end a walk.

use std::{
    ffi::OsStr,
    fs,
    os::unix::{ffi::OsStrExt as _, fs::symlink},
    sync::atomic::{AtomicBool, Ordering},
};

use rustix::{
    fs::{CWD, Mode, mkfifoat},
    thread::{CapabilitySet, capabilities, set_capabilities},
};

use crate::{
    library::{Library, matroska},
    rig::{Rig, Scan},
};

/// A scan by a user who may not read every file: root may, unless it gives that up.
fn scan_without_rights(library: &Library) -> Scan {
    std::thread::scope(|scope| {
        let scan = scope.spawn(|| {
            let mut sets = capabilities(None).expect("capabilities");
            sets.effective.remove(CapabilitySet::DAC_OVERRIDE | CapabilitySet::DAC_READ_SEARCH);
            set_capabilities(None, sets).expect("given up");
            // Its threads for files are started by this one and have as little.
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async { Rig::new(library).scan_all().await })
        });
        scan.join().expect("no panic")
    })
}

#[test]
fn what_cannot_be_read_is_reported_and_the_walk_goes_on() {
    let library = Library::with(&["a.mkv", "locked/b.mkv", "open/c.mkv", "open/c.es.srt", "z/last.mkv"]);
    let outside = Library::with(&["secret.mkv", "secret.en.srt"]);
    symlink(outside.0.join("secret.mkv"), library.0.join("link.mkv")).expect("a link");
    symlink(&outside.0, library.0.join("series")).expect("a link");
    symlink(outside.0.join("secret.en.srt"), library.0.join("a.en.srt")).expect("a link");
    mkfifoat(CWD, library.0.join("pipe.mkv"), Mode::from_raw_mode(0o600)).expect("a pipe");
    mkfifoat(CWD, library.0.join("a.es.srt"), Mode::from_raw_mode(0o600)).expect("a pipe");
    fs::write(library.0.join("line\nbreak.mkv"), "").expect("written");
    fs::write(library.0.join(OsStr::from_bytes(b"latin\xE9.mkv")), "").expect("written");
    rustix::fs::chmod(library.0.join("locked"), Mode::empty()).expect("locked");
    rustix::fs::chmod(library.0.join("open/c.es.srt"), Mode::empty()).expect("locked");

    let scan = scan_without_rights(&library);
    rustix::fs::chmod(library.0.join("locked"), Mode::from_raw_mode(0o700)).expect("unlocked");
    assert_eq!(scan.paths(), ["a.mkv", "open/c.mkv", "z/last.mkv"]);
    assert!(scan.videos().all(|video| video.sidecars.is_empty()), "{scan:?}");
    let name = "its name is not UTF-8, or contains control characters";
    let link = "it is a link, and links in a library are not followed";
    let mut unreadable = scan.unreadable();
    unreadable.sort_unstable();
    assert_eq!(
        unreadable,
        [
            ("latin\u{FFFD}.mkv", name),
            ("line\u{FFFD}break.mkv", name),
            ("link.mkv", link),
            ("locked", "Permission denied (os error 13)"),
            ("open/c.es.srt", "Permission denied (os error 13)"),
            ("pipe.mkv", "it is not a regular file"),
            ("series", link),
        ]
    );
    assert!(scan.finished.is_complete, "what is named can be told from what is gone");
}

#[tokio::test]
async fn hard_links_are_two_videos_of_one_hash() {
    let library = Library::new();
    library.write("films/a.mkv", matroska(&[]));
    fs::hard_link(library.0.join("films/a.mkv"), library.0.join("b.mkv")).expect("a link");
    let scan = Rig::new(&library).scan_all().await;
    let hashes: Vec<&str> = scan.videos().filter_map(|video| video.hash.as_deref()).collect();
    assert_eq!(scan.paths(), ["b.mkv", "films/a.mkv"]);
    assert!(hashes.len() == 2 && hashes[0] == hashes[1], "{hashes:?}");
}

#[tokio::test]
async fn a_tree_that_is_too_deep_is_walked_as_far_as_allowed_and_is_not_complete() {
    let folder = |depth| vec!["d"; depth].join("/");
    let library = Library::with(&["a.mkv", &format!("{}/b.mkv", folder(20)), &format!("{}/c.mkv", folder(60))]);
    let scan = Rig::new(&library).scan_all().await;
    assert_eq!(scan.paths(), ["a.mkv", &format!("{}/b.mkv", folder(20))]);
    assert!(
        !scan.finished.is_complete && scan.finished.message.as_deref().is_some_and(|why| why.contains("32 folders"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_library_that_changes_while_it_is_walked_is_listed_as_far_as_it_stands_still() {
    let still: Vec<String> = (0..200).map(|at| format!("f{:02}/still{at:03}.mkv", at % 20)).collect();
    let library = Library::with(&still.iter().map(String::as_str).collect::<Vec<_>>());
    let (stop, root) = (AtomicBool::new(false), library.0.clone());
    let rig = Rig::new(&library);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0_u32.. {
                if stop.load(Ordering::Relaxed) {
                    break;
                }
                let folder = root.join(format!("f{:02}/moving", round % 20));
                let _ = fs::create_dir(&folder);
                let _ = fs::write(folder.join("moving.mkv"), round.to_string());
                let _ = fs::rename(&folder, root.join("f00/moved"));
                let _ = fs::remove_dir_all(root.join("f00/moved"));
                let _ = fs::remove_dir_all(&folder);
            }
        });
        let handle = tokio::runtime::Handle::current();
        tokio::task::block_in_place(|| {
            for _ in 0..20 {
                let scan = handle.block_on(rig.scan_all());
                let mut listed: Vec<&str> = scan.paths().into_iter().filter(|path| path.contains("still")).collect();
                listed.sort_unstable();
                let mut expected: Vec<&str> = still.iter().map(String::as_str).collect();
                expected.sort_unstable();
                assert!(listed == expected && scan.finished.is_complete, "{:?}", scan.finished);
            }
        });
        stop.store(true, Ordering::Relaxed);
    });
}
