//! KEDA scales downloaders by the queue: up under load, not down while all are busy even if no task is ready, and down when few
//! tasks are left, while workers that are terminating finish their tasks. Does I/O.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use subtitle_contract::topology::DOWNLOAD_QUEUE;
use subtitle_tests::{
    kubernetes::keda,
    process::{eventually, output},
    root,
    tools::HELM_4,
};

use crate::{
    api::ensure_each_done_once,
    disruptions::simulated_job,
    system::{System, values},
};

/// Maximum number of pods, and the number of tasks that keeps all of them busy, as in keda.yaml.
const PODS: usize = 3;
const ALL_BUSY: usize = 6;
/// The number of tasks that is maintained: one finishes before another is added.
const KEPT_BUSY: usize = 7;
/// Timeout for the autoscaler, which polls every 15 s.
const TIMEOUT: Duration = Duration::from_secs(240);
/// How long all workers are busy while hardly any task is ready: an autoscaler that counted only ready tasks would scale down.
const BUSY: Duration = Duration::from_secs(75);

/// Creates the jobs of a run.
struct Load<'a> {
    system: &'a System,
    jobs: u32,
}

impl Load<'_> {
    /// Creates jobs until the downloaders have `tasks` tasks.
    fn keep(&mut self, tasks: usize) -> Result<()> {
        let over = ["Done", "Failed", "TranslateInProgress"];
        let jobs = self.system.jobs()?;
        let here = jobs.iter().filter(|job| !over.iter().any(|phase| job["status"]["phase"] == *phase)).count();
        let missing = tasks.saturating_sub(here);
        let manifest: String = (0..missing).map(|_| self.next()).collect();
        if missing > 0 { self.system.apply(&manifest) } else { Ok(()) }
    }

    fn next(&mut self) -> String {
        self.jobs += 1;
        simulated_job("queued", self.jobs)
    }

    /// Maintains this number of tasks until `seen` returns a value.
    fn until<T>(&mut self, what: &str, tasks: usize, mut seen: impl FnMut(&System) -> Option<T>) -> Result<T> {
        let system = self.system;
        eventually(what, TIMEOUT, || {
            let kept = self.keep(tasks);
            kept.ok().and_then(|()| seen(system))
        })
        .inspect_err(|_| print_autoscaler(system))
    }
}

fn print_autoscaler(system: &System) {
    for arguments in [&["get", "scaledobject,hpa,pods"][..], &["describe", "hpa"]] {
        let output = system.installation.kubectl().args(arguments).output();
        println!("{}", output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default());
    }
}

/// The numbers of running and of terminating downloaders.
fn pods(system: &System) -> Option<(usize, usize)> {
    let selector = "app.kubernetes.io/component=downloader";
    let list = output(system.installation.kubectl().args(["get", "pods", "-l", selector, "-o", "json"])).ok()?;
    let list: Value = serde_json::from_str(&list).ok()?;
    let pods = list["items"].as_array()?;
    let ending = pods.iter().filter(|pod| pod["metadata"]["deletionTimestamp"].is_string()).count();
    Some((pods.len() - ending, ending))
}

/// The queue's state from RabbitMQ's management API.
fn queue(system: &System) -> Result<Value> {
    let service = ["get", "service", "rabbitmq", "-o", "jsonpath={.spec.clusterIP}"];
    let address = output(system.installation.kubectl().args(service))?;
    let mut curl = system.installation.node()?.command("curl");
    // As in manifests/dev.
    curl.args(["-sf", "-m", "20", "-u", "subtitles:not-for-production"]);
    let answer = output(curl.arg(format!("http://{address}:15672/api/queues/%2F/{DOWNLOAD_QUEUE}")))?;
    serde_json::from_str(&answer).context("RabbitMQ did not answer with JSON")
}

/// The number of tasks that the autoscaler uses.
fn metric(system: &System) -> Result<u64> {
    let place = "/apis/external.metrics.k8s.io/v1beta1/namespaces/subtitles/s0-rabbitmq-subtitle-tasks-download";
    let selector = "labelSelector=scaledobject.keda.sh%2Fname%3Dsubtitles-downloader";
    let answer = output(system.installation.kubectl().args(["get", "--raw", &format!("{place}?{selector}")]))?;
    let answer: Value = serde_json::from_str(&answer)?;
    answer["items"][0]["value"]
        .as_str()
        .and_then(|value| value.parse().ok())
        .context("KEDA did not answer with a number")
}

pub(crate) fn scales_workers_by_the_queue(system: &System) -> Result<()> {
    keda::install(system.installation.node()?, &|step| system.report(step))?;
    let chart = root().join("charts/subtitle-operator");
    system.installation.install(&HELM_4, &["install"], &chart, &values("keda.yaml"))?;
    ensure!(pods(system) == Some((1, 0)), "the first downloader is not alone: {:?}", pods(system));

    let mut load = Load { system, jobs: 0 };
    let is_scaled_up = |system: &System| pods(system).filter(|(living, _)| *living == PODS);
    load.until("three downloaders under load", 2 * ALL_BUSY, is_scaled_up)?;
    system.report("scaled from 1 to 3");

    // No task is ready any more, but the number of pods stays: unacknowledged tasks count, too.
    load.until("all are busy and nothing waits", ALL_BUSY, |system| {
        let queue = queue(system).ok()?;
        (queue["messages_ready"] == 0 && queue["messages_unacknowledged"].as_u64()? >= 5).then_some(())
    })?;
    let given = metric(system)?;
    ensure!(given >= 4, "the autoscaler is given {given} while nothing waits and 6 tasks are unacknowledged");
    let begun = Instant::now();
    while begun.elapsed() < BUSY {
        load.keep(KEPT_BUSY)?;
        let now = pods(system).context("the pods can be listed")?;
        if now != (PODS, 0) {
            print_autoscaler(system);
        }
        ensure!(now == (PODS, 0), "scaled to {now:?} while every worker was busy");
    }
    system.report(&format!("3 stayed for {} s of unacknowledged tasks and hardly one waiting", BUSY.as_secs()));

    // Two tasks on three pods: the terminating ones may be busy.
    let mut finishing = false;
    load.until("one downloader when two tasks are left", 2, |system| {
        let (living, ending) = pods(system)?;
        finishing |= ending > 0;
        (living == 1 && ending == 0 && finishing).then_some(())
    })?;
    system.report("scaled from 3 to 1");
    let jobs = system.wait_until_all_finished(TIMEOUT)?;
    ensure_each_done_once(system, &jobs).inspect_err(|_| system.print_state())?;
    let queue = queue(system)?;
    let statistics = &queue["message_stats"];
    let times = |what: &str| statistics[what].as_u64().unwrap_or_default();
    ensure!(times("ack") >= jobs.len() as u64, "RabbitMQ counted too little to tell: {statistics}");
    ensure!(times("redeliver") == 0, "{} tasks were redelivered: {statistics}", times("redeliver"));
    system.report(&format!("{} jobs, each done once; {} deliveries, none again", jobs.len(), times("deliver_get")));
    system.delete_jobs()
}
