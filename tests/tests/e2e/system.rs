//! The installation, and a client that may edit jobs in another namespace. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use serde_json::Value;
use subtitle_tests::{
    cases::Recover,
    kubernetes::installation::Installation,
    process::output,
    progress::print,
    root,
    tools::{HELM_3, HELM_4, go::GoProgram},
};

/// The namespace of the jobs.
pub(crate) const JOBS: &str = "films";
const CLIENTS: &str = include_str!("clients.yaml");

/// The path of a values file beside these tests.
pub(crate) fn values(name: &str) -> PathBuf {
    root().join("tests/tests/e2e").join(name)
}

pub(crate) struct System {
    pub(crate) installation: Installation,
    /// The kubeconfig of a client that has only the edit role in the jobs' namespace.
    editor: PathBuf,
    begun: Instant,
}

impl Recover for System {
    /// Removes the jobs of the failed case and installs the current chart if it is missing or broken.
    fn recover(&mut self) {
        self.print_state();
        let _ = self.delete_jobs();
        let chart = root().join("charts/subtitle-operator");
        let install = ["upgrade", "--install"];
        if let Err(error) = self.installation.install(&HELM_4, &install, &chart, &values("values.yaml")) {
            self.report(&format!("failed to repair the installation: {error:#}"));
        }
    }
}

impl System {
    /// Starts the system on a node of this name.
    pub(crate) fn start(name: &str) -> Result<Self> {
        let begun = Instant::now();
        HELM_3.find_or_build(&print)?;
        let installation = Installation::on_a_node(name, None, &print)?;
        let editor = installation.folder.join("editor.kubeconfig");
        let system = Self { installation, editor, begun };
        system.installation.apply(CLIENTS)?;
        system.write_editor_kubeconfig()?;
        Ok(system)
    }

    fn write_editor_kubeconfig(&self) -> Result<()> {
        let token = output(self.kubectl(JOBS).args(["create", "token", "editor", "--duration=4h"]))?;
        let text = fs::read_to_string(&self.installation.cluster.kubeconfig)?;
        let begin = text.find("token: '").context("the kubeconfig has a token")? + "token: '".len();
        let end = begin + text[begin..].find('\'').context("the token has an end")?;
        fs::write(&self.editor, format!("{}{}{}", &text[..begin], token.trim(), &text[end..]))?;
        Ok(())
    }

    /// Prints a step with its time.
    pub(crate) fn report(&self, step: &str) {
        println!("{:>6.1} s  {step}", self.begun.elapsed().as_secs_f32());
    }

    /// kubectl as the cluster administrator, in a namespace.
    pub(crate) fn kubectl(&self, namespace: &str) -> Command {
        let mut command = self.installation.cluster.kubectl();
        command.args(["--namespace", namespace]);
        command
    }

    /// kubectl as the client that may edit jobs.
    pub(crate) fn editor(&self) -> Command {
        let mut command = self.kubectl(JOBS);
        command.env("KUBECONFIG", &self.editor);
        command
    }

    /// Installs the release.
    pub(crate) fn install(&self, helm: &GoProgram, chart: &Path) -> Result<()> {
        self.installation.install(helm, &["install"], chart, &values("values.yaml"))
    }

    /// Prints diagnostics after a failure.
    pub(crate) fn print_state(&self) {
        self.installation.print_state();
        let _ = self.kubectl(JOBS).args(["get", "subtitlejobs", "-o", "wide"]).status();
    }

    /// Applies a manifest as the editor.
    pub(crate) fn apply(&self, manifest: &str) -> Result<()> {
        let file = self.installation.folder.join("jobs.yaml");
        fs::write(&file, manifest)?;
        output(self.editor().args(["apply", "-f"]).arg(&file)).map(drop)
    }

    /// Waits until all jobs have finished, and returns them.
    pub(crate) fn wait_until_all_finished(&self, limit: Duration) -> Result<Vec<Value>> {
        let timeout = format!("--timeout={}s", limit.as_secs());
        let wait = ["wait", "--for=condition=Finished", "subtitlejob", "--all", &timeout];
        output(self.editor().args(wait)).inspect_err(|_| self.print_state()).context("not all jobs finished")?;
        self.jobs()
    }

    /// Every job.
    pub(crate) fn jobs(&self) -> Result<Vec<Value>> {
        let list: Value =
            serde_json::from_str(&output(self.kubectl(JOBS).args(["get", "subtitlejobs", "-o", "json"]))?)?;
        Ok(list["items"].as_array().cloned().unwrap_or_default())
    }

    /// Deletes every job.
    pub(crate) fn delete_jobs(&self) -> Result<()> {
        output(self.kubectl(JOBS).args(["delete", "subtitlejobs", "--all", "--timeout=60s"])).map(drop)
    }

    /// The living pods of a component: name, uid and number of container restarts.
    pub(crate) fn pods(&self, component: &str) -> Result<Vec<(String, String, u64)>> {
        let selector = format!("app.kubernetes.io/component={component}");
        let list = output(self.installation.kubectl().args(["get", "pods", "-l", &selector, "-o", "json"]))?;
        let list: Value = serde_json::from_str(&list)?;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let restarts = |pod: &Value| {
            let statuses = pod["status"]["containerStatuses"].as_array().cloned().unwrap_or_default();
            statuses.iter().filter_map(|status| status["restartCount"].as_u64()).sum()
        };
        let living = list["items"].as_array().into_iter().flatten();
        let living = living.filter(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        Ok(living.map(|pod| (text(&pod["metadata"]["name"]), text(&pod["metadata"]["uid"]), restarts(pod))).collect())
    }
}
