//! No command replaces what a person made, unless it is told to.

use std::{
    fs,
    os::unix::fs::{PermissionsExt as _, symlink},
};

use super::{Folder, run, text};

const SPANISH: &str = "1\n00:00:01,000 --> 00:00:02,000\nEl barco sale al mediodía y no vuelve.\n\n";
/// Read as a subtitle, it is not written as it is: with commas.
const BY_HAND: &str = "1\n00:00:01.000 --> 00:00:02.000\nCorregido a mano.\n";

/// A folder with a film, its Spanish subtitle under a name of its own, and an English one.
fn films(name: &str) -> Folder {
    let folder = Folder::new(name);
    folder.file("film.mkv", "no Matroska");
    folder.file("film.Spanish.srt", SPANISH);
    folder.file("english.srt", "1\n00:00:01,000 --> 00:00:02,000\nThe house is big.\n");
    folder
}

#[test]
fn a_file_that_a_person_made_is_left_alone_by_every_command() {
    let folder = films("left-alone");
    fs::remove_file(folder.path("film.Spanish.srt")).expect("removed");
    let (film, english, out) = (folder.path("film.mkv"), folder.path("english.srt"), folder.path("film.es.srt"));
    for (arguments, written) in [
        // The best there is for the film is this very file.
        (&["get", &film, "--language", "es"][..], "00:00:02,000\nCorregido a mano."),
        (&["get", &film, "--language", "es", "--out", &out], "00:00:02,000\nCorregido a mano."),
        (&["convert", &english, &out], "The house is big."),
        (&["translate", &english, "--from", "en", "--to", "es", "--out", &out], "La casa es grande."),
    ] {
        folder.file("film.es.srt", BY_HAND);
        let output = run(arguments, b"");
        let shown = text(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {shown}");
        assert!(shown.contains("film.es.srt' exists") && shown.contains("left alone; --force"), "{shown}");
        assert_eq!(fs::read_to_string(&out).expect("is there"), BY_HAND, "{arguments:?}");
        let output = run(&[arguments, &["--force"]].concat(), b"");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", text(&output.stderr));
        assert!(fs::read_to_string(&out).expect("is there").contains(written), "{arguments:?}");
    }
}

#[test]
fn get_replaces_what_it_wrote_until_somebody_changes_it() {
    let folder = films("ours");
    let (film, out) = (folder.path("film.mkv"), folder.path("other.srt"));
    let get = ["get", &film, "--language", "es", "--out", &out];
    assert_eq!(run(&get, b"").status.code(), Some(0));
    let new = SPANISH.replace("mediodía", "anochecer");
    folder.file("film.Spanish.srt", &new);
    assert_eq!(run(&get, b"").status.code(), Some(0), "the file is still as it was written");
    assert_eq!(fs::read_to_string(&out).expect("is there"), new);
    folder.file("other.srt", BY_HAND);
    let output = run(&get, b"");
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("was changed since: it was left alone"), "{}", text(&output.stderr));
    assert_eq!(fs::read_to_string(&out).expect("is there"), BY_HAND);
    folder.file("other.srt", &new);
    assert_eq!(run(&get, b"").status.code(), Some(0), "it has this very content already");
    folder.file("other.srt", BY_HAND);
    assert_eq!(run(&[&get[..], &["--force"]].concat(), b"").status.code(), Some(0));
    assert_eq!(fs::read_to_string(&out).expect("is there"), new);
}

#[test]
fn a_symlink_stays_one_and_a_replaced_file_keeps_its_permissions() {
    let folder = films("links");
    let english = folder.path("english.srt");
    fs::create_dir(folder.0.join("elsewhere")).expect("a folder");
    let target = folder.file("elsewhere/target.srt", BY_HAND);
    fs::set_permissions(&target, fs::Permissions::from_mode(0o640)).expect("set");
    for (link, points_to) in [("link.srt", "elsewhere/target.srt"), ("dangling.srt", "elsewhere/new.srt")] {
        symlink(points_to, folder.0.join(link)).expect("a link");
        let convert = ["convert", &english, &folder.path(link)];
        assert_eq!(run(&convert, b"").status.code(), Some(1), "{link}: a link is somebody's work, too");
        assert_eq!(run(&[&convert[..], &["--force"]].concat(), b"").status.code(), Some(0), "{link}");
        assert!(fs::symlink_metadata(folder.path(link)).expect("is there").is_symlink(), "{link}");
        assert!(fs::read_to_string(folder.path(points_to)).expect("is there").contains("house"), "{link}");
    }
    assert_eq!(fs::metadata(&target).expect("is there").permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read_dir(folder.0.join("elsewhere")).expect("a folder").count(), 2, "nothing unfinished is left");
}
