//! What is planted in a library reaches nothing outside of it, and holds nothing up.

use std::{fs, os::unix::fs::symlink, path::PathBuf};

use super::*;

struct Planted(PathBuf);

impl Planted {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("subtitles-folder-{name}-{}", std::process::id()));
        fs::create_dir_all(path.join("library/season")).expect("a folder");
        fs::create_dir_all(path.join("outside")).expect("a folder");
        fs::write(path.join("outside/secret.srt"), "secret").expect("written");
        Self(path)
    }

    fn root(&self, links: Links) -> Folder {
        Folder::root(&self.0.join("library"), links).expect("opens")
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn neither_a_link_nor_a_path_leads_out_of_a_library() {
    let planted = Planted::new("links");
    let library = planted.0.join("library");
    symlink("../outside", library.join("up")).expect("a link");
    symlink("../outside/secret.srt", library.join("film.en.srt")).expect("a link");
    let root = planted.root(Links::Refused);
    for path in ["up", "season/../..", "..", "/tmp", "season/../../outside"] {
        assert!(root.below(Path::new(path)).is_err(), "{path}");
    }
    let refused = root.file("film.en.srt").open().expect_err("a link").to_string();
    assert!(refused.contains("it is a link"), "{refused}");
    let own = planted.root(Links::Followed);
    assert_eq!(own.file("film.en.srt").read(100).expect("the person's own link"), b"secret");
}

#[test]
fn a_write_replaces_a_planted_link_and_never_what_it_points_to() {
    let planted = Planted::new("writes");
    let library = planted.0.join("library");
    let root = planted.root(Links::Refused);
    symlink("../outside/secret.srt", library.join("mark")).expect("a link");
    assert_eq!(root.write("mark", b"new", Replace::No).expect_err("there").kind(), io::ErrorKind::AlreadyExists);
    root.write("mark", b"new", Replace::Yes).expect("written");
    assert_eq!(root.entry("mark").expect("there"), Entry::File);
    assert_eq!(fs::read(library.join("mark")).expect("there"), b"new");
    assert_eq!(fs::read(planted.0.join("outside/secret.srt")).expect("there"), b"secret");
    root.write("other", b"new", Replace::No).expect("written");
    let mut names: Vec<String> = root.entries().expect("listed").into_iter().map(|(name, _)| name).collect();
    names.sort_unstable();
    assert_eq!(names, ["mark", "other", "season"], "no unfinished file");
}

#[test]
fn a_pipe_or_a_folder_is_refused_at_once_and_a_large_file_is_not_read_whole() {
    let planted = Planted::new("kinds");
    let root = planted.root(Links::Refused);
    rustix::fs::mkfifoat(&*root.handle, "film.es.srt", Mode::from_raw_mode(0o600)).expect("a pipe");
    for name in ["film.es.srt", "season"] {
        let refused = root.file(name).open().expect_err(name).to_string();
        assert!(refused.contains("not a regular file"), "{refused}");
    }
    File::create(planted.0.join("library/large.srt")).expect("created").set_len(1 << 40).expect("sparse");
    assert!(root.file("large.srt").read(1 << 10).is_err());
}
