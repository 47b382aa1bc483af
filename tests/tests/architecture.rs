//! The dependency rules of the design, held against the sources and against what Cargo resolves.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use subtitle_tests::{process::output, root};

/// Folders and files that must be pure, besides the whole of `core/contract/src`.
const PURE: [&str; 12] = [
    "operator/src/decide",
    "operator/src/observe",
    "workers/src/subtitle",
    "workers/src/translate/check",
    "workers/src/translate/lines.rs",
    "workers/src/translate/glossary.rs",
    "workers/src/translate/names.rs",
    "workers/src/translate/readability.rs",
    "workers/src/find/select.rs",
    "workers/src/find/release",
    "workers/src/find/sidecar_name.rs",
    "core/contract/src",
];

/// What pure code has no business with.
const IMPURE: [&str; 17] = [
    "tokio",
    "lapin",
    "redis::",
    "reqwest",
    "object_store",
    "axum",
    "subtitle_broker",
    "kube::Api",
    "kube::Client",
    "std::fs",
    "std::env",
    "std::net",
    "std::process",
    "std::thread",
    "Timestamp::now()",
    "Instant::now()",
    ".await",
];

fn sources(place: &str) -> Vec<PathBuf> {
    let place = root().join(place);
    if place.is_file() {
        return vec![place];
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(&place).expect("a folder") {
        let path = entry.expect("an entry").path();
        let inner = path.is_dir().then(|| sources(path.to_str().expect("UTF-8")));
        files.extend(inner.unwrap_or_else(|| vec![path]));
    }
    files
}

fn is_test(file: &Path) -> bool {
    file.ends_with("tests.rs") || file.parent().is_some_and(|folder| folder.ends_with("tests"))
}

#[test]
fn pure_code_names_no_clock_network_file_or_client() {
    for place in PURE {
        for file in sources(place).into_iter().filter(|file| !is_test(file)) {
            let text = fs::read_to_string(&file).expect("readable");
            let production = text.split("#[cfg(test)]").next().unwrap_or_default();
            let mut code = production.lines().filter(|line| !line.trim_start().starts_with("//"));
            let found = code.find_map(|line| IMPURE.iter().find(|word| line.contains(**word)).map(|word| (word, line)));
            assert_eq!(found, None, "{} is to be pure", file.display());
        }
    }
}

/// The packages in the tree of one of ours, without what only its tests need.
fn tree(package: &str) -> String {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["tree", "--package", package, "--edges", "normal,build", "--prefix", "none", "--locked", "--offline"]);
    output(cargo.current_dir(root())).expect("cargo tree")
}

#[test]
fn dependencies_point_one_way_and_tls_is_ring_only() {
    let has = |package: &str, name: &str| tree(package).lines().any(|line| line.starts_with(&format!("{name} v")));
    for client in ["tokio", "hyper", "reqwest", "lapin", "redis", "object_store", "kube-client"] {
        assert!(!has("subtitle-contract", client), "core must not depend on {client}");
    }
    assert!(!has("subtitle-operator", "subtitle-workers") && !has("subtitle-workers", "subtitle-operator"));
    for package in ["subtitle-operator", "subtitle-workers"] {
        assert!(has(package, "subtitle-contract"), "the check reads the tree");
        for foreign in ["openssl-sys", "aws-lc-sys", "aws-lc-rs", "native-tls"] {
            assert!(!has(package, foreign), "{package} must not depend on {foreign}");
        }
    }
}
