//! Every Dockerfile of the repository, judged by hadolint.

use std::process::Command;

use subtitle_tests::{process::output, root, tools};

use crate::chart::progress;

#[test]
fn dockerfiles_have_nothing_to_blame() {
    let files = output(Command::new("git").args(["ls-files", "*Dockerfile*"]).current_dir(root())).expect("git runs");
    let hadolint = tools::hadolint(&progress).expect("hadolint can be installed");
    for file in files.lines() {
        let judged = Command::new(&hadolint).arg(file).current_dir(root()).output().expect("hadolint runs");
        assert!(judged.status.success(), "{}", String::from_utf8_lossy(&judged.stdout));
    }
}
