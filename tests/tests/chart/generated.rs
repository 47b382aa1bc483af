//! What is made from the chart, and what the chart holds a copy of, is current.

use std::{fs, path::Path};

use subtitle_tests::{process::output, root, tools};

use crate::chart::{self, progress};

fn holds(file: &Path, expected: &str) {
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        return fs::write(file, expected).expect("writable");
    }
    let current = fs::read_to_string(file).unwrap_or_default();
    let name = file.display();
    assert!(current == expected, "{name}: UPDATE_GOLDEN=1 cargo test --workspace --test chart generated rewrites it");
}

#[test]
fn the_chart_has_the_crd_that_the_types_make() {
    let crd = fs::read_to_string(root().join("crds/subtitlejobs.yaml")).expect("the CRD");
    holds(&chart::folder().join("files/crds/subtitlejobs.yaml"), &crd);
}

#[test]
fn what_the_chart_renders_is_reviewed() {
    let rendered = chart::rendered("subtitles", &[&chart::minimal()], &[]);
    let (head, command) = ("# Generated from the chart with manifests/dev/values.yaml; do not edit. ", "");
    holds(&root().join("manifests/rendered.yaml"), &format!("{head}{command}\n{rendered}"));
}

#[test]
fn the_readme_has_every_value() {
    let program = tools::HELM_DOCS.find_or_build(&progress).expect("helm-docs compiles");
    let mut docs = std::process::Command::new(program);
    docs.args(["--dry-run", "--log-level", "error", "--sort-values-order", "file", "--chart-search-root"]);
    let readme = output(docs.arg(chart::folder())).expect("helm-docs runs");
    assert!(!readme.contains("|  |"), "a value has no description: {readme}");
    holds(&chart::folder().join("README.md"), &format!("{}\n", readme.trim()));
}
