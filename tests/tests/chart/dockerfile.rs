//! Every Dockerfile that people build the product with, judged by hadolint.

use std::process::Command;

use subtitle_tests::{process::output, root, tools};

use crate::chart::progress;

#[test]
fn dockerfiles_have_nothing_to_blame() {
    let files =
        output(Command::new("git").args(["ls-files", "manifests/*Dockerfile*"]).current_dir(root())).expect("git runs");
    let hadolint = tools::hadolint(&progress).expect("hadolint can be installed");
    assert!(files.contains("manifests/image/Dockerfile"), "the product's own is among them: {files}");
    for file in files.lines() {
        // DL3018: Alpine takes older versions of packages away, so a pinned one is a build that breaks.
        let judged = Command::new(&hadolint)
            .args(["--ignore", "DL3018"])
            .arg(file)
            .current_dir(root())
            .output()
            .expect("hadolint runs");
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
    }
}
