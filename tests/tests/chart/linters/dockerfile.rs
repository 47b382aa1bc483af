//! hadolint accepts every Dockerfile of the product. Does I/O.

use std::process::Command;

use subtitle_tests::{process::output, root, tools};

use crate::chart::progress;

#[test]
fn hadolint_accepts_every_dockerfile() {
    let files =
        output(Command::new("git").args(["ls-files", "manifests/*Dockerfile*"]).current_dir(root())).expect("git runs");
    let hadolint = tools::hadolint(&progress).expect("hadolint can be installed");
    assert!(files.contains("manifests/image/Dockerfile"), "the Dockerfile of the product is missing: {files}");
    for file in files.lines() {
        // DL3018: Alpine removes old versions of packages, so pinning a version breaks the build.
        let linted = Command::new(&hadolint)
            .args(["--ignore", "DL3018"])
            .arg(file)
            .current_dir(root())
            .output()
            .expect("hadolint runs");
        assert!(linted.status.success(), "{}", String::from_utf8_lossy(&linted.stdout));
    }
}
