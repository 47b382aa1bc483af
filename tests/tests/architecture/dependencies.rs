//! Crates depend on each other in one direction, and only some of them depend on clients. Does I/O.

use std::{collections::BTreeMap, fs, process::Command};

use subtitle_tests::{process::output, root};

use crate::assert_none;

/// The production crates of the workspace, with their folders.
const FOLDERS: [(&str, &str); 8] = [
    ("subtitle-broker", "core/broker"),
    ("subtitle-clock", "core/clock"),
    ("subtitle-contract", "core/contract"),
    ("subtitle-secret", "core/secret"),
    ("subtitle-store", "core/store"),
    ("subtitle-telemetry", "core/telemetry"),
    ("subtitle-operator", "operator"),
    ("subtitle-workers", "workers"),
];
/// Clients and runtimes that the contract must not pull in, not even indirectly.
const CLIENTS: [&str; 8] = ["tokio", "hyper", "reqwest", "lapin", "redis", "object_store", "kube-client", "axum"];
/// Clients that exactly one crate of the product may depend on.
const OWNED: [(&str, &str); 3] =
    [("lapin", "subtitle-broker"), ("object_store", "subtitle-store"), ("redis", "subtitle-operator")];

/// The packages in a package's dependency tree, without dev-dependencies; `more` are further arguments of `cargo tree`.
pub(crate) fn tree(package: &str, more: &[&str]) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--package", package, "--edges", "normal,build", "--prefix", "none", "--locked", "--offline"]);
    cargo.args(more);
    output(cargo.current_dir(root())).expect("cargo tree")
}

fn has(tree: &str, name: &str) -> bool {
    tree.lines().any(|line| line.starts_with(&format!("{name} v")))
}

/// The names under `[dependencies]` of each crate's manifest.
fn direct() -> BTreeMap<&'static str, Vec<String>> {
    let of_crate = |folder: &str| {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("a manifest");
        let section = manifest.split("\n[").find_map(|section| section.strip_prefix("dependencies]"));
        let name = |line: &str| {
            let name = line.split(['=', '.', ' ']).next()?.trim();
            (!name.is_empty() && !name.starts_with('#')).then(|| name.to_owned())
        };
        section.unwrap_or_default().lines().filter_map(name).collect()
    };
    FOLDERS.iter().map(|(package, folder)| (*package, of_crate(folder))).collect()
}

#[test]
fn the_contract_depends_on_no_runtime_and_no_client() {
    let tree = tree("subtitle-contract", &[]);
    let found: Vec<String> = CLIENTS.iter().filter(|name| has(&tree, name)).map(ToString::to_string).collect();
    assert_none("subtitle-contract must not depend on a runtime or a client", &found);
}

#[test]
fn operator_and_workers_depend_on_core_and_core_on_neither() {
    let mut breaches = Vec::new();
    for (package, _) in FOLDERS {
        let tree = tree(package, &[]);
        let others = ["subtitle-operator", "subtitle-workers", "subtitle-tests", "subtitle-fakes"];
        let found = others.iter().filter(|other| **other != package && has(&tree, other));
        breaches.extend(found.map(|other| format!("{package} -> {other}")));
    }
    assert_none("the only arrows are core <- operator and core <- workers", &breaches);
    for package in ["subtitle-operator", "subtitle-workers"] {
        assert!(
            has(&tree(package, &[]), "subtitle-contract"),
            "{package} does not depend on subtitle-contract: the tree was not read"
        );
    }
}

#[test]
fn each_client_has_one_owner() {
    let mut breaches = Vec::new();
    for (package, dependencies) in direct() {
        let foreign = OWNED
            .iter()
            .filter(|(client, owner)| *owner != package && dependencies.iter().any(|dependency| dependency == client));
        breaches.extend(foreign.map(|(client, owner)| format!("{package} depends on {client}; only {owner} may")));
    }
    assert_none("a client belongs to one crate; the others use that crate's ports", &breaches);
    assert!(
        direct()["subtitle-broker"].iter().any(|name| name == "lapin"),
        "subtitle-broker does not depend on lapin: the manifests were not read"
    );
}
