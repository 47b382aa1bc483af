//! kubeconform and kube-score accept everything the chart renders. Does I/O.

mod dockerfile;
mod monitoring;
pub(crate) mod schemas;

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use subtitle_tests::tools::{self, go::GoProgram};

use crate::chart::{self, progress};

/// Runs a linter on manifests; returns whether it accepts them, and its output.
fn lint(tool: &GoProgram, arguments: &[&str], objects: &str) -> (bool, String) {
    let program = tool.find_or_build(&progress).expect("the linter compiles");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the linter starts");
    child.stdin.take().expect("stdin is piped").write_all(objects.as_bytes()).expect("writes to the linter's stdin");
    let output = child.wait_with_output().expect("the linter exits");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), printed)
}

/// Whether every object conforms to the schemas in `folder`, and kubeconform's output.
pub(crate) fn conforms(folder: &Path, objects: &str) -> (bool, String) {
    let location = format!("{}/{{{{.ResourceKind}}}}.json", folder.display());
    lint(&tools::KUBECONFORM, &["-strict", "-summary", "-schema-location", &location, "-"], objects)
}

/// Checks of kube-score that do not apply, and why.
const EXEMPTED: [&str; 3] = [
    "container-security-context-user-group-id", // no fixed user: OpenShift chooses one
    "container-image-pull-policy",              // a version's image never changes
    "horizontalpodautoscaler-replicas",         // one pod at rest is enough: tasks wait on the broker
];

fn score(objects: &str, exempted: &[&str]) -> (bool, String) {
    let exempted = [&EXEMPTED[..], exempted].concat().join(",");
    // A CPU limit slows translations down and protects no pod that has requests.
    let arguments = ["score", "--ignore-container-cpu-limit", "--output-format", "ci", "--ignore-test", &exempted, "-"];
    lint(&tools::KUBE_SCORE, &arguments, objects)
}

#[test]
fn workloads_follow_good_practice() {
    // The pod of `helm test` runs once and needs no probe.
    let without_test = "--set=tests.enabled=false";
    let full = chart::rendered("subtitles", &[&chart::folder().join("ci/full-values.yaml")], &[without_test]);
    let (is_accepted, printed) = score(&full, &[]);
    assert!(is_accepted, "{printed}");
    let minimal = chart::rendered("subtitles", &[&chart::minimal()], &[without_test]);
    let (is_accepted, printed) = score(&minimal, &["pod-networkpolicy"]);
    assert!(is_accepted, "{printed}");
    let root = full.replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false");
    assert!(!score(&root, &[]).0, "kube-score accepted a writable root file system");
}
