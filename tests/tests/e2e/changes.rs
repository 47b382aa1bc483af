//! Install, upgrade, roll back, uninstall.

use std::{path::PathBuf, time::Duration};

use anyhow::{Result, ensure};
use subtitle_tests::{
    installation::RELEASE,
    process::{eventually, output},
    root,
    tools::{HELM_3, HELM_4},
};

use crate::{
    disruptions::simulated_jobs,
    history,
    system::{JOBS, System},
};

const LIMIT: Duration = Duration::from_secs(240);

fn chart() -> PathBuf {
    root().join("charts/subtitle-operator")
}

/// The chart of the version before this one, as it was packaged.
fn chart_before() -> PathBuf {
    root().join("tests/tests/e2e/fixtures/subtitle-operator-0.0.9.tgz")
}

fn field_exists(system: &System, field: &str) -> bool {
    output(system.kubectl(JOBS).args(["explain", field])).is_ok()
}

fn uninstall(system: &System) -> Result<()> {
    let uninstall = ["uninstall", RELEASE, "--wait", "--timeout=120s"];
    system.installation.told(system.installation.helm(&HELM_4)?.args(uninstall)).map(drop)
}

pub(crate) fn an_older_release_is_upgraded_with_jobs_in_flight_and_rolled_back(system: &System) -> Result<()> {
    system.install(&HELM_3, "install", &chart_before())?;
    system.tell("Helm 3 has installed the version before this one");
    ensure!(!field_exists(system, ADDED_FIELD), "the older CRD has the field {ADDED_FIELD}");
    system.apply(&simulated_jobs("upgraded", 30))?;
    system.install(&HELM_4, "upgrade", &chart())?;
    ensure!(field_exists(system, ADDED_FIELD), "the CRD was not upgraded");
    system.tell("Helm 4 has upgraded it with jobs in flight");
    system.apply(&simulated_jobs("rolled-back", 30))?;
    let rollback = ["rollback", RELEASE, "1", "--wait", "--timeout=180s"];
    system.installation.told(system.installation.helm(&HELM_4)?.args(rollback))?;
    system.tell("Helm 4 has rolled it back with jobs in flight");
    let jobs = system.all_finished(LIMIT)?;
    ensure!(jobs.len() == 60, "{} jobs instead of 60", jobs.len());
    history::is_whole(system, &jobs).inspect_err(|_| system.tell_state())?;
    system.tell("60 jobs, each done once");
    system.delete_jobs()
}

/// A field that this version's CRD has and the one before has not.
const ADDED_FIELD: &str = "subtitlejob.status.glossary";

pub(crate) fn uninstalling_leaves_jobs_and_a_second_install_adopts_them(system: &System) -> Result<()> {
    system.apply(&simulated_jobs("left-behind", 10))?;
    uninstall(system)?;
    ensure!(system.jobs()?.len() == 10, "jobs went with the release");
    system.install(&HELM_4, "install", &chart())?;
    system.tell("Helm 4 has uninstalled and installed it again");
    let jobs = system.all_finished(LIMIT)?;
    history::is_whole(system, &jobs).inspect_err(|_| system.tell_state())?;
    system.tell("10 jobs of before, each done once");
    system.delete_jobs()
}

pub(crate) fn uninstalling_leaves_nothing_but_jobs_and_their_definition(system: &System) -> Result<()> {
    system.apply(&simulated_jobs("kept", 3))?;
    system.all_finished(LIMIT)?;
    uninstall(system)?;
    let kinds = "all,configmaps,secrets,serviceaccounts,roles,rolebindings,poddisruptionbudgets,leases";
    let left = ["get", kinds, "-l", "app.kubernetes.io/part-of=subtitles", "-o", "name"];
    // Pods have their grace to end.
    eventually("nothing of the release is left", Duration::from_secs(90), || {
        output(system.installation.kubectl().args(left)).ok().filter(|left| left.trim().is_empty())
    })
    .inspect_err(|_| system.tell_state())?;
    ensure!(system.jobs()?.len() == 3, "jobs went with the release");
    // Nobody is there any more to take a finalizer off.
    system.delete_jobs()?;
    system.tell("uninstalled: jobs and their definition stayed, and jobs can be deleted");
    Ok(())
}
