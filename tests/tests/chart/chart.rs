//! Renders the chart with Helm and reads the objects. Does I/O.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use serde::Deserialize as _;
use serde_json::Value;
use subtitle_tests::{
    root,
    tools::{self, go::GoProgram},
};

pub(crate) use subtitle_tests::progress::print as progress;

/// The chart's folder.
pub(crate) fn folder() -> PathBuf {
    root().join("charts/subtitle-operator")
}

/// The values file with the fewest values that can be installed.
pub(crate) fn minimal() -> PathBuf {
    root().join("manifests/dev/values.yaml")
}

/// The minimal values file and every file in `ci/`, with their names.
pub(crate) fn variants() -> Vec<(String, PathBuf)> {
    let files = std::fs::read_dir(folder().join("ci")).expect("the folder ci");
    let mut variants: Vec<PathBuf> = files.map(|file| file.expect("an entry").path()).collect();
    variants.push(minimal());
    variants.sort();
    assert!(variants.len() >= 4, "files are missing in ci/: {variants:?}");
    variants.into_iter().map(|file| (file.display().to_string(), file)).collect()
}

/// A Helm command; the program is compiled if the cache does not have it.
pub(crate) fn helm(version: &GoProgram) -> Command {
    Command::new(version.find_or_build(&progress).expect("Helm compiles"))
}

/// `helm template` in the namespace `subtitles`.
pub(crate) fn template(version: &GoProgram, release: &str, values: &[&Path], arguments: &[&str]) -> Output {
    let mut helm = helm(version);
    helm.args(["template", release, "--namespace", "subtitles", "--kube-version", "1.34.4"]).arg(folder());
    for file in values {
        helm.arg("--values").arg(file);
    }
    helm.args(arguments).output().expect("Helm runs")
}

/// The manifests that Helm 4 renders.
pub(crate) fn rendered(release: &str, values: &[&Path], arguments: &[&str]) -> String {
    let output = template(&tools::HELM_4, release, values, arguments);
    assert!(output.status.success(), "{values:?} {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The objects of manifests.
pub(crate) fn objects(text: &str) -> Vec<Value> {
    let documents = serde_yaml_ng::Deserializer::from_str(text);
    let objects = documents.map(|document| Value::deserialize(document).expect("YAML that JSON can hold"));
    objects.filter(|object| !object.is_null()).collect()
}

/// The objects of one kind.
pub(crate) fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

/// Kind and name, for messages.
pub(crate) fn title(object: &Value) -> String {
    format!("{} {}", text(&object["kind"]), text(&object["metadata"]["name"]))
}

/// A string, or the empty string.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of an array, or none.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// Every pod of the objects, with a title: pods of Deployments and Jobs, and plain pods.
pub(crate) fn pods(objects: &[Value]) -> Vec<(String, Value)> {
    let mut pods = Vec::new();
    for object in objects {
        let pod = match object["kind"].as_str() {
            Some("Deployment" | "StatefulSet" | "Job") => &object["spec"]["template"],
            Some("Pod") => object,
            _ => continue,
        };
        pods.push((title(object), pod.clone()));
    }
    pods
}
