//! The examples in the chart's documents work: their values are accepted, and the health check of Argo CD follows the
//! conditions. Does I/O.

use std::{fs, path::Path, process::Command};

use jiff::Timestamp;
use serde::Deserialize as _;
use serde_json::Value;
use subtitle_contract::{job::SubtitleJobStatus, phase::Phase, reason::Reason};
use subtitle_operator::decide::conditions;
use subtitle_tests::{process::output, temporary_folder, tools};

use crate::chart::{self, progress};

/// The objects in the `yaml` blocks of a document.
fn blocks(document: &str) -> Vec<Value> {
    let text = fs::read_to_string(chart::folder().join(document)).expect("readable");
    let blocks = text.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned());
    let documents = |block: String| {
        let documents = serde_yaml_ng::Deserializer::from_str(&block).map(|one| Value::deserialize(one).expect("YAML"));
        documents.collect::<Vec<Value>>()
    };
    blocks.flat_map(documents).collect()
}

/// The chart values in an example object.
fn values(object: &Value) -> Option<&Value> {
    match object["kind"].as_str() {
        Some("Application") => Some(&object["spec"]["source"]["helm"]["valuesObject"]),
        Some("HelmRelease") => Some(&object["spec"]["values"]),
        None if object["rabbitmq"].is_object() => Some(object),
        _ => None,
    }
}

#[test]
fn example_values_are_accepted() {
    let folder = temporary_folder("examples").expect("a temporary folder");
    let file = folder.join("values.yaml");
    let mut accepted = 0;
    for object in [blocks("README.md"), blocks("docs/gitops.md")].concat() {
        let Some(values) = values(&object) else { continue };
        fs::write(&file, values.to_string()).expect("writable");
        let output = chart::template(&tools::HELM_4, "subtitles", &[&file], &[]);
        assert!(output.status.success(), "{values}: {}", String::from_utf8_lossy(&output.stderr));
        accepted += 1;
    }
    assert_eq!(accepted, 3, "the README's values, an Application's, a HelmRelease's");
    let _ = fs::remove_dir_all(folder);
}

/// A JSON value as a Lua expression.
fn lua(value: &Value) -> String {
    match value {
        Value::Null => "nil".to_owned(),
        Value::Array(members) => format!("{{{}}}", members.iter().map(lua).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let members = members.iter().map(|(name, value)| format!("[{name:?}]={}", lua(value)));
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The health that Argo CD would show for an object.
fn health(check: &str, object: &Value, folder: &Path) -> String {
    let script = folder.join("check.lua");
    let program = format!("obj = {}\nlocal function check()\n{check}\nend\nio.write(check().status)\n", lua(object));
    fs::write(&script, program).expect("writable");
    let lua = tools::LUA.find_or_build(&progress).expect("Lua compiles");
    output(Command::new(lua).arg(&script)).expect("the check runs")
}

#[test]
fn argo_cd_health_follows_the_conditions() {
    let folder = temporary_folder("health").expect("a temporary folder");
    let documents = blocks("docs/gitops.md");
    let check = documents.iter().find_map(|block| block["data"].as_object()?.values().next()?.as_str());
    let check = check.expect("the health check");
    for (phase, reason, expected) in [
        (Phase::Pending, Reason::WaitingForTurn, "Progressing"),
        (Phase::TranslateInProgress, Reason::Working, "Progressing"),
        (Phase::DownloadQueued, Reason::Suspended, "Suspended"),
        (Phase::Done, Reason::SubtitleFound, "Healthy"),
        (Phase::Failed, Reason::NoSubtitleFound, "Degraded"),
    ] {
        let mut status =
            SubtitleJobStatus { phase: phase.into(), reason: Some(reason.into()), ..SubtitleJobStatus::default() };
        status.conditions = conditions::for_status(&status, Some(2), Timestamp::UNIX_EPOCH);
        let mut object = serde_json::json!({"metadata": {"generation": 2}, "status": status});
        assert_eq!(health(check, &object, &folder), expected, "{phase:?}, {reason}");
        object["metadata"]["generation"] = 3.into();
        assert_eq!(health(check, &object, &folder), "Progressing", "{phase:?}: conditions of an older generation");
    }
    let fresh = serde_json::json!({"metadata": {"generation": 1}});
    assert_eq!(health(check, &fresh, &folder), "Progressing", "an object without a status");
    let _ = fs::remove_dir_all(folder);
}
