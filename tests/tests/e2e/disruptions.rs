//! Disruptions of an installation while jobs run; each job must be done once. Does I/O.

use std::{process::Command, time::Duration};

use anyhow::{Context as _, Result, ensure};
use subtitle_tests::process::{eventually, output};

use crate::{api::ensure_each_done_once, system::System};

const JOBS_AT_ONCE: u32 = 24;
const TIMEOUT: Duration = Duration::from_secs(240);

/// The manifest of a job with a simulated source and engine; the chart's values set how long each step takes.
pub(crate) fn simulated_job(what: &str, number: u32) -> String {
    format!(
        "apiVersion: subtitles.dev/v1alpha1\nkind: SubtitleJob\nmetadata: {{name: {what}-{number:02}}}\nspec:\n  \
         video: {{title: {what} episode {number}}}\n  language: es\n  sources: [{{name: simulated}}]\n  \
         translation: {{engines: [{{name: simulated}}]}}\n---\n"
    )
}

/// The manifests of `count` such jobs.
pub(crate) fn simulated_jobs(what: &str, count: u32) -> String {
    (1..=count).map(|number| simulated_job(what, number)).collect()
}

/// Creates jobs, disturbs the system once some are in progress, and checks how each job ended.
fn while_jobs_run(system: &System, what: &str, disturb: impl FnOnce() -> Result<()>) -> Result<()> {
    system.apply(&simulated_jobs(what, JOBS_AT_ONCE))?;
    eventually("some jobs are in progress", TIMEOUT, || {
        let jobs = system.jobs().ok()?;
        jobs.iter().any(|job| job["status"]["phase"] == "DownloadInProgress").then_some(())
    })?;
    disturb()?;
    let jobs = system.wait_until_all_finished(TIMEOUT)?;
    ensure_each_done_once(system, &jobs).inspect_err(|_| system.print_state())?;
    system.delete_jobs()?;
    system.report(&format!("{what}: {} jobs, each done once", jobs.len()));
    Ok(())
}

fn rollout(system: &System, deployment: &str) -> Result<()> {
    system
        .installation
        .run(system.installation.kubectl().args(["rollout", "status", deployment, "--timeout=120s"]))
        .map(drop)
}

pub(crate) fn worker_is_deleted(system: &System) -> Result<()> {
    while_jobs_run(system, "worker-deleted", || {
        for component in ["downloader", "translator"] {
            let pods = system.pods(component)?;
            let (pod, ..) = pods.first().context("a worker's pod")?;
            output(system.installation.kubectl().args(["delete", "pod", pod, "--grace-period=0", "--force"]))?;
        }
        Ok(())
    })
}

pub(crate) fn workers_are_restarted(system: &System) -> Result<()> {
    while_jobs_run(system, "workers-restarted", || {
        let deployments = ["deployment/subtitles-downloader", "deployment/subtitles-translator"];
        output(system.installation.kubectl().args(["rollout", "restart"]).args(deployments))?;
        deployments.iter().try_for_each(|deployment| rollout(system, deployment))
    })
}

pub(crate) fn workers_are_scaled(system: &System) -> Result<()> {
    while_jobs_run(system, "workers-scaled", || {
        for replicas in ["--replicas=3", "--replicas=1"] {
            for deployment in ["deployment/subtitles-downloader", "deployment/subtitles-translator"] {
                output(system.installation.kubectl().args(["scale", deployment, replicas]))?;
                rollout(system, deployment)?;
            }
        }
        Ok(())
    })
}

pub(crate) fn operator_is_killed(system: &System) -> Result<()> {
    while_jobs_run(system, "operator-killed", || {
        let leader = ["get", "lease", "-o", "jsonpath={.items[0].spec.holderIdentity}"];
        let leader = output(system.installation.kubectl().args(leader))?;
        output(system.installation.kubectl().args(["delete", "pod", &leader, "--grace-period=0", "--force"])).map(drop)
    })
}

fn broker_pod(system: &System, arguments: &[&str]) -> Command {
    let mut command = system.installation.kubectl();
    command.args(["exec", "deployment/rabbitmq", "--"]).args(arguments);
    command
}

fn wait_for_broker(system: &System) -> Result<()> {
    eventually("RabbitMQ answers", Duration::from_secs(120), || {
        output(&mut broker_pod(system, &["rabbitmqctl", "--quiet", "await_startup"])).ok()
    })
    .map(drop)
}

pub(crate) fn broker_is_restarted(system: &System) -> Result<()> {
    while_jobs_run(system, "broker-restarted", || {
        // The container ends; the kubelet restarts it in the same pod, with its files.
        let _ = broker_pod(system, &["rabbitmqctl", "--quiet", "shutdown", "--no-wait"]).output();
        wait_for_broker(system)
    })
}

pub(crate) fn broker_password_changes(system: &System) -> Result<()> {
    let components = ["operator", "downloader", "translator"];
    let pods = |component: &&str| system.pods(component);
    let before = components.iter().map(pods).collect::<Result<Vec<_>>>()?;
    while_jobs_run(system, "password-changed", || {
        let password = "another-one:/?#[]@!$&'()*+,;=% é";
        output(&mut broker_pod(system, &["rabbitmqctl", "change_password", "subtitles", password]))?;
        let parts = serde_json::json!({"stringData": {"connection_string": null, "password": password}}).to_string();
        let remove = r#"[{"op": "remove", "path": "/data/connection_string"}]"#;
        output(system.installation.kubectl().args(["patch", "secret", "rabbitmq", "--type=json", "-p", remove]))?;
        output(system.installation.kubectl().args(["patch", "secret", "rabbitmq", "-p", &parts]))?;
        let close = ["rabbitmqctl", "close_all_connections", "the password has changed"];
        output(&mut broker_pod(system, &close)).map(drop)
    })?;
    let after = components.iter().map(pods).collect::<Result<Vec<_>>>()?;
    ensure!(before == after, "pods were restarted: {before:?}, {after:?}");
    Ok(())
}
