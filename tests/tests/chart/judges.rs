//! What kubeconform and kube-score say of everything the chart renders.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
};

use subtitle_tests::{go::GoProgram, tools};

use crate::chart::{self, progress};

/// Runs a judge over objects; whether it is content, and what it said.
fn judge(tool: &GoProgram, arguments: &[&str], objects: &str) -> (bool, String) {
    let program = tool.find_or_build(&progress).expect("the judge compiles");
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut judge = command.spawn().expect("the judge starts");
    judge.stdin.take().expect("its input").write_all(objects.as_bytes()).expect("it reads");
    let output = judge.wait_with_output().expect("the judge ends");
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said)
}

/// Whether every object is as the schemas in `folder` say, and what is wrong.
pub(crate) fn conforms(folder: &Path, objects: &str) -> (bool, String) {
    let place = format!("{}/{{{{.ResourceKind}}}}.json", folder.display());
    judge(&tools::KUBECONFORM, &["-strict", "-summary", "-schema-location", &place, "-"], objects)
}

/// What is judged otherwise here, and why.
const EXEMPTED: [&str; 3] = [
    "container-security-context-user-group-id", // no fixed user: OpenShift chooses one
    "container-image-pull-policy",              // a version's image never changes
    "horizontalpodautoscaler-replicas",         // one pod at rest is enough: tasks wait on the broker
];

fn score(objects: &str, exempted: &[&str]) -> (bool, String) {
    let exempted = [&EXEMPTED[..], exempted].concat().join(",");
    // A limit of CPU slows translations down and protects nobody who has requests.
    let arguments = ["score", "--ignore-container-cpu-limit", "--output-format", "ci", "--ignore-test", &exempted, "-"];
    judge(&tools::KUBE_SCORE, &arguments, objects)
}

#[test]
fn workloads_follow_good_practice() {
    // The test's pod runs once: nothing waits for it, so it has no probe.
    let without_test = "--set=tests.enabled=false";
    let full = chart::rendered("subtitles", &[&chart::folder().join("ci/full-values.yaml")], &[without_test]);
    let (is_content, said) = score(&full, &[]);
    assert!(is_content, "{said}");
    let minimal = chart::rendered("subtitles", &[&chart::minimal()], &[without_test]);
    let (is_content, said) = score(&minimal, &["pod-networkpolicy"]);
    assert!(is_content, "{said}");
    let root = full.replace("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false");
    assert!(!score(&root, &[]).0, "the judge sees what is wrong");
}
