//! The image build is reproducible: the same programs result in the same bytes, wherever and whenever it runs. Does I/O.

use std::{fs, path::Path, process::Command};

use subtitle_tests::{
    image::{Archive, Recipe, build, build_once, digest},
    process::output,
    progress::print,
    root, temporary_folder,
    tools::packages::{self, Purpose},
};

const REFERENCE: &str = "localhost/subtitles:packed";

fn recipe<'a>(file: &'a Path, stages: &'a [(&'a str, &'a Path)]) -> Recipe<'a> {
    Recipe { file, stage: "subtitles", stages, reference: REFERENCE }
}

/// Writes a stage as `manifests/image/assemble.sh` does, with files of this date.
fn stage(folder: &Path, age: &str) {
    let programs = folder.join("root-of-image/usr/local/bin");
    fs::create_dir_all(&programs).expect("a folder");
    fs::write(programs.join("subtitles"), "a program").expect("written");
    std::os::unix::fs::symlink("subtitles", programs.join("subtitle-downloader")).expect("a link");
    let touch = "find . -exec touch --no-dereference --date \"$1\" {} +";
    output(Command::new("sh").args(["-c", touch, "sh", age]).current_dir(folder)).expect("touches");
}

#[test]
fn the_same_programs_have_one_digest_and_are_packed_once() {
    packages::ensure(Purpose::Node, &print).expect("buildah");
    let (folder, file) =
        (temporary_folder("packed").expect("a temporary folder"), root().join("manifests/image/Dockerfile"));
    let digests = [("one", "2001-02-03"), ("the other", "2020-10-20")].map(|(name, age)| {
        let (stage_folder, archive) = (folder.join(name), folder.join(format!("{name}.tar")));
        stage(&stage_folder, age);
        build(&recipe(&file, &[("programs", &stage_folder)]), &[Archive::Oci(&archive)]).expect("packs");
        digest(&archive).expect("a digest")
    });
    assert_eq!(digests[0], digests[1]);

    let (stage_folder, archive) = (folder.join("one"), folder.join("kept.tar"));
    let times = std::cell::Cell::new(0);
    let pack = |sources: &str| {
        let archives = [Archive::Oci(&archive)];
        let count = || {
            times.set(times.get() + 1);
            Ok(())
        };
        build_once(&recipe(&file, &[("programs", &stage_folder)]), &archives, sources, &|_| (), count).expect("packs");
        times.get()
    };
    assert_eq!(["sums", "sums", "other sums"].map(pack), [1, 1, 2]);
    assert_eq!(digest(&archive).expect("a digest"), digests[0]);
    let _ = fs::remove_dir_all(&folder);
}
