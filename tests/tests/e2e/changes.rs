//! Installing, upgrading, rolling back and uninstalling the chart. Does I/O.

use std::{fs, path::PathBuf, time::Duration};

use anyhow::{Context as _, Result, ensure};
use subtitle_tests::{
    documents::commands::commands_of_section,
    kubernetes::installation::RELEASE,
    process::{eventually, output},
    root,
    tools::{HELM_3, HELM_4},
};

use crate::{
    api::ensure_each_done_once,
    disruptions::simulated_jobs,
    system::{JOBS, System, values},
};

const TIMEOUT: Duration = Duration::from_secs(240);
/// A field of the CRD that was added after 0.0.9, the version of the fixture.
const ADDED_FIELD: &str = "subtitlejob.status.glossary";

fn chart() -> PathBuf {
    root().join("charts/subtitle-operator")
}

/// Installs the packaged chart of the previous version, which has its own values.
fn install_previous_version(system: &System) -> Result<()> {
    let fixtures = root().join("tests/tests/e2e/fixtures");
    let mut helm = system.installation.helm(&HELM_3)?;
    helm.args(["install", RELEASE]).arg(fixtures.join("subtitle-operator-0.0.9.tgz"));
    helm.arg("--values").arg(fixtures.join("values-0.0.9.yaml"));
    system.installation.run(helm.args(["--wait", "--timeout=180s"])).map(drop)
}

fn field_exists(system: &System, field: &str) -> bool {
    output(system.kubectl(JOBS).args(["explain", field])).is_ok()
}

fn uninstall(system: &System) -> Result<()> {
    let uninstall = ["uninstall", RELEASE, "--wait", "--timeout=120s"];
    system.installation.run(system.installation.helm(&HELM_4)?.args(uninstall)).map(drop)
}

/// Runs the commands of a section of the page about upgrades.
fn follow_the_page(system: &System, heading: &str) -> Result<()> {
    let page = "charts/subtitle-operator/docs/upgrade.md";
    for commands in commands_of_section(page, heading)? {
        let mut shell = system.installation.shell(&HELM_4, &commands)?;
        system.installation.run(shell.current_dir(&system.installation.folder))?;
    }
    Ok(())
}

/// Makes the files that the page expects in the current folder: the chart, and the values of the installation.
fn prepare_the_page(system: &System) -> Result<()> {
    let folder = &system.installation.folder;
    std::os::unix::fs::symlink(root().join("charts").canonicalize()?, folder.join("charts"))?;
    let parts = [root().join("manifests/dev/values.yaml"), values("values.yaml")].map(fs::read_to_string);
    let [servers, own] = parts;
    fs::write(folder.join("values.yaml"), servers? + &own?).context("failed to write the values")
}

pub(crate) fn upgrade_and_rollback(system: &System) -> Result<()> {
    prepare_the_page(system)?;
    install_previous_version(system)?;
    system.report("Helm 3 has installed the previous version");
    ensure!(!field_exists(system, ADDED_FIELD), "the previous version's CRD already has the field {ADDED_FIELD}");
    system.apply(&simulated_jobs("upgraded", 30))?;
    for heading in ["Before", "Upgrade", "Check"] {
        follow_the_page(system, heading)?;
    }
    ensure!(field_exists(system, ADDED_FIELD), "the CRD was not upgraded");
    system.report("Helm 4 has upgraded the release with jobs in flight");
    system.apply(&simulated_jobs("rolled-back", 30))?;
    follow_the_page(system, "Roll back")?;
    system.report("Helm 4 has rolled back the release with jobs in flight");
    let jobs = system.wait_until_all_finished(TIMEOUT)?;
    ensure!(jobs.len() == 60, "{} jobs instead of 60", jobs.len());
    ensure_each_done_once(system, &jobs).inspect_err(|_| system.print_state())?;
    system.report("60 jobs, each done once");
    system.delete_jobs()
}

pub(crate) fn reinstallation_adopts_jobs(system: &System) -> Result<()> {
    system.apply(&simulated_jobs("left-behind", 10))?;
    uninstall(system)?;
    ensure!(system.jobs()?.len() == 10, "uninstalling the release deleted jobs");
    system.install(&HELM_4, &chart())?;
    system.report("Helm 4 has uninstalled the release and installed it again");
    let jobs = system.wait_until_all_finished(TIMEOUT)?;
    ensure_each_done_once(system, &jobs).inspect_err(|_| system.print_state())?;
    system.report("10 jobs of the first installation, each done once");
    system.delete_jobs()
}

pub(crate) fn uninstallation_leaves_jobs(system: &System) -> Result<()> {
    system.apply(&simulated_jobs("kept", 3))?;
    system.wait_until_all_finished(TIMEOUT)?;
    uninstall(system)?;
    let kinds = "all,configmaps,secrets,serviceaccounts,roles,rolebindings,poddisruptionbudgets,leases";
    let get_leftovers = ["get", kinds, "-l", "app.kubernetes.io/part-of=subtitles", "-o", "name"];
    // Pods have a grace period.
    eventually("nothing of the release is left", Duration::from_secs(90), || {
        output(system.installation.kubectl().args(get_leftovers)).ok().filter(|leftovers| leftovers.trim().is_empty())
    })
    .inspect_err(|_| system.print_state())?;
    ensure!(system.jobs()?.len() == 3, "uninstalling the release deleted jobs");
    // There is no operator that could remove a finalizer.
    system.delete_jobs()?;
    system.report("uninstalled: jobs and their CRD stayed, and jobs can be deleted");
    Ok(())
}
