//! Which tests run in which tier of `cargo verify`: every test target of the workspace runs in exactly one. Runs cargo.

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use subtitle_tests::process::{cargo, output};

/// The crate whose tests need servers.
const ON_SERVERS: &str = "subtitle-tests";
/// Its tests that need none.
const WITHOUT: [&str; 2] = ["architecture", "simulation"];
/// Tests of other crates that start the whole system, too.
const ALSO_ON_SERVERS: [&str; 1] = ["online"];
const NODE: &str = "e2e";
const FAULTS: &str = "faults";

/// The names of the test targets of each tier.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Targets {
    pub(super) fast: Vec<String>,
    pub(super) integration: Vec<String>,
    pub(super) node: Vec<String>,
    pub(super) faults: Vec<String>,
}

impl Targets {
    /// Asks cargo for the workspace's tests.
    pub(super) fn find() -> Result<Self> {
        let metadata = output(cargo().args(["metadata", "--no-deps", "--locked", "--format-version", "1"]))?;
        Self::from_metadata(&serde_json::from_str(&metadata)?)
    }

    fn from_metadata(metadata: &Value) -> Result<Self> {
        let mut targets = Self::default();
        for package in metadata["packages"].as_array().context("cargo metadata lists packages")? {
            for target in package["targets"].as_array().into_iter().flatten() {
                let is_test = target["kind"].as_array().is_some_and(|kinds| kinds.iter().any(|kind| kind == "test"));
                let name = target["name"].as_str().filter(|_| is_test);
                let Some(name) = name else { continue };
                let needs_servers = if package["name"] == ON_SERVERS {
                    !WITHOUT.contains(&name)
                } else {
                    ALSO_ON_SERVERS.contains(&name)
                };
                let tier = match name {
                    _ if !needs_servers => &mut targets.fast,
                    NODE => &mut targets.node,
                    FAULTS => &mut targets.faults,
                    _ => &mut targets.integration,
                };
                tier.push(name.to_owned());
            }
        }
        ensure!(
            !targets.node.is_empty() && !targets.faults.is_empty(),
            "the tests '{NODE}' and '{FAULTS}' are missing"
        );
        Ok(targets)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Targets;

    #[test]
    fn a_test_that_no_list_names_needs_servers_only_in_the_crate_for_that() {
        let test = |name: &str| json!({"name": name, "kind": ["test"]});
        let metadata = json!({"packages": [
            {"name": "subtitle-workers", "targets": [test("tasks"), test("online"), {"name": "subtitles", "kind": ["bin"]}]},
            {"name": "subtitle-tests", "targets": [test("e2e"), test("faults"), test("simulation"), test("new")]},
        ]});
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let expected = Targets {
            fast: names(&["tasks", "simulation"]),
            integration: names(&["online", "new"]),
            node: names(&["e2e"]),
            faults: names(&["faults"]),
        };
        assert_eq!(Targets::from_metadata(&metadata).expect("well formed"), expected);
    }
}
