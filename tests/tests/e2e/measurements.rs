//! Memory and start times of the installed pods: printed, not asserted. Does I/O.

use anyhow::{Context as _, Result};
use serde_json::Value;
use subtitle_tests::{kubernetes::installation::NAMESPACE, process::output};

use crate::system::System;

/// Prints the working set of each idle container, and when it started and became ready.
pub(crate) fn print_memory_and_start_times(system: &System) -> Result<()> {
    let summary =
        output(system.installation.cluster.kubectl().args(["get", "--raw", "/api/v1/nodes/node/proxy/stats/summary"]))?;
    let summary: Value = serde_json::from_str(&summary)?;
    for pod in summary["pods"].as_array().context("the kubelet's summary has no list of pods")? {
        if pod["podRef"]["namespace"] != NAMESPACE {
            continue;
        }
        let name = pod["podRef"]["name"].as_str().unwrap_or_default();
        for container in pod["containers"].as_array().into_iter().flatten() {
            let bytes = container["memory"]["workingSetBytes"].as_f64().unwrap_or_default();
            system.report(&format!(
                "idle: {name}/{} {:.1} MiB",
                container["name"].as_str().unwrap_or_default(),
                bytes / 1_048_576.0
            ));
        }
    }
    let ready = r#"{range .items[*]}{.metadata.name}{" started "}{.status.containerStatuses[*].state.running.startedAt}{" ready "}{.status.conditions[?(@.type=="Ready")].lastTransitionTime}{"\n"}{end}"#;
    let ready = format!("jsonpath={ready}");
    let get_pods = ["get", "pods", "-l", "app.kubernetes.io/part-of=subtitles", "-o", &ready];
    output(system.installation.kubectl().args(get_pods))?.lines().for_each(|line| system.report(line));
    Ok(())
}
