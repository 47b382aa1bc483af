//! Alerts and dashboards: promtool accepts the rules, and every metric they query exists. Does I/O.

use std::{collections::BTreeSet, fs, process::Command};

use serde_json::Value;
use subtitle_tests::{process::output, root, tools};

use crate::chart::{self, list, progress, text};

#[test]
fn each_alert_fires_in_a_test() {
    let promtool = tools::promtool(&progress).expect("promtool can be installed");
    let rules = chart::folder().join("files/rules.yaml");
    output(Command::new(&promtool).args(["check", "rules"]).arg(&rules)).expect("the rules are valid");
    let tests = root().join("tests/tests/chart/alerts.yaml");
    let tested = Command::new(&promtool).args(["test", "rules"]).arg(&tests).output().expect("promtool runs");
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stderr));
    let (rules, tests) = (fs::read_to_string(rules).expect("rules"), fs::read_to_string(tests).expect("tests"));
    for alert in rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")) {
        assert!(tests.contains(&format!("\"{alert}\"")), "no test lets {alert} fire");
    }
}

/// The names of the product's metrics in an expression.
fn metrics(expression: &str) -> impl Iterator<Item = &str> {
    let words = expression.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_');
    words.filter(|word| {
        ["subtitle_", "controller_runtime_", "leader_election_"].iter().any(|start| word.starts_with(start))
    })
}

#[test]
fn alerts_and_dashboards_query_existing_metrics() {
    let mut known = BTreeSet::new();
    for document in ["metrics-of-the-operator.md", "metrics-of-workers.md"] {
        let document = fs::read_to_string(root().join("core/docs").join(document)).expect("readable");
        let names = document.lines().filter_map(|line| Some(line.strip_prefix("| `")?.split_once('`')?.0.to_owned()));
        known.extend(names);
    }
    let mut expressions = Vec::new();
    let rules = fs::read_to_string(chart::folder().join("files/rules.yaml")).expect("rules");
    let rules: Value = serde_yaml_ng::from_str(&rules).expect("YAML");
    for rule in list(&rules["groups"][0]["rules"]) {
        expressions.push(text(&rule["expr"]).to_owned());
        assert!(rule["annotations"]["runbook"].is_string(), "{} has no runbook", rule["alert"]);
    }
    for dashboard in ["jobs", "operator"] {
        let file = chart::folder().join(format!("files/dashboards/{dashboard}.json"));
        let dashboard: Value = serde_json::from_str(&fs::read_to_string(file).expect("readable")).expect("JSON");
        for panel in list(&dashboard["panels"]) {
            expressions.extend(list(&panel["targets"]).iter().map(|target| text(&target["expr"]).to_owned()));
        }
    }
    assert!(expressions.len() > 20, "{expressions:?}");
    for expression in &expressions {
        assert!(metrics(expression).next().is_some(), "'{expression}' queries no metric of the product");
        for number in metrics(expression) {
            let name = number.trim_end_matches("_bucket");
            assert!(known.contains(name), "'{expression}' queries {number}, which no process has");
        }
    }
}
