//! Two hostile namespaces beside an honest one: floods of urgent jobs, links, pipes and slow files in the library, and URLs inside
//! the cluster. The honest namespace's jobs end as fast as alone, no pod restarts, and no file crosses a namespace. Does I/O.

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::symlink,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use subtitle_tests::process::output;

use crate::{api::ensure_each_done_once, disruptions::simulated_jobs, system::System};

const HOSTILE: [&str; 2] = ["hostile-a", "hostile-b"];
/// In each hostile namespace.
const JOBS: usize = 100;
/// As many as a downloader processes at the same time.
const HONEST: u32 = 4;
/// What kubectl takes in addition while the machine is busy.
const MARGIN: Duration = Duration::from_secs(5);

/// Every kind of hostile job, of which the first makes up three quarters.
const KINDS: [&str; 5] = [
    "{video: {title: flood N}, language: es, priority: High, sources: [{name: simulated}], translation: {engines: [{name: simulated}]}}",
    "{video: {url: 'https://kubernetes.default.svc/N.mkv'}, language: de, priority: High}",
    "{video: {path: planted.mkv}, language: de, output: {sidecar: Overwrite}}",
    "{video: {path: slow.mkv}, language: de}",
    "{video: {path: pipe.mkv}, language: de}",
];

fn hostile_jobs(namespace: &str) -> String {
    let job = |number: usize| {
        let spec = KINDS[number.checked_sub(JOBS * 3 / 4).map_or(0, |rest| 1 + rest % (KINDS.len() - 1))];
        let spec = spec.replace('N', &number.to_string());
        format!(
            "apiVersion: subtitles.dev/v1alpha1\nkind: SubtitleJob\n\
             metadata: {{name: job-{number}, namespace: {namespace}}}\nspec: {spec}\n---\n"
        )
    };
    (0..JOBS).map(job).collect()
}

/// A link out of the library, a pipe, and a subtitle that takes a parser long.
fn plant(system: &System) -> Result<()> {
    let library = system.installation.folder.join("library");
    for name in ["planted.mkv", "planted.de.srt"] {
        symlink("/etc/passwd", library.join(name))?;
    }
    output(Command::new("mkfifo").arg(library.join("pipe.mkv")))?;
    fs::copy(library.join("harbour.mkv"), library.join("slow.mkv"))?;
    let slow = format!("1\n00:00:01,000 --> 00:00:02,000\n{}\n", "<a ".repeat(5 << 20));
    fs::write(library.join("slow.de.srt"), slow).context("failed to write the slow subtitle")
}

/// How long the honest namespace's jobs take.
fn honest_jobs(system: &System, what: &str) -> Result<Duration> {
    let begun = Instant::now();
    system.apply(&simulated_jobs(what, HONEST))?;
    let jobs = system.wait_until_all_finished(Duration::from_secs(120))?;
    let duration = begun.elapsed();
    ensure_each_done_once(system, &jobs)?;
    system.delete_jobs()?;
    system.report(&format!("{what}: {HONEST} jobs took {:.1} s", duration.as_secs_f32()));
    Ok(duration)
}

fn restarts(system: &System) -> Result<BTreeMap<String, u64>> {
    let pods = ["operator", "api", "downloader", "translator"].map(|component| system.pods(component));
    let pods = pods.into_iter().collect::<Result<Vec<_>>>()?;
    Ok(pods.into_iter().flatten().map(|(name, _, restarts)| (name, restarts)).collect())
}

fn jobs_of(system: &System, namespace: &str) -> Result<Vec<Value>> {
    let list = output(system.kubectl(namespace).args(["get", "subtitlejobs", "-o", "json"]))?;
    let list: Value = serde_json::from_str(&list)?;
    Ok(list["items"].as_array().cloned().unwrap_or_default())
}

/// Checks that each file of a namespace is its own, and that nothing was read through a link.
fn ensure_nothing_crossed(namespace: &str, jobs: &[Value]) -> Result<()> {
    for job in jobs {
        let (name, key) = (&job["metadata"]["name"], job["status"]["result"]["key"].as_str());
        ensure!(key.is_none_or(|key| key.starts_with(&format!("{namespace}/"))), "{namespace}: {name} has {key:?}");
        let is_planted = job["spec"]["video"]["path"] == "planted.mkv";
        ensure!(!is_planted || job["status"]["phase"] != "Done", "{namespace}: {name} was read through a link");
    }
    Ok(())
}

pub(crate) fn honest_jobs_are_not_delayed(system: &System) -> Result<()> {
    plant(system)?;
    honest_jobs(system, "first")?;
    let alone = honest_jobs(system, "alone")?;
    let before = restarts(system)?;
    for namespace in HOSTILE {
        output(system.kubectl(namespace).args(["create", "namespace", namespace]))?;
    }
    let manifest = system.installation.folder.join("hostile.yaml");
    fs::write(&manifest, HOSTILE.map(hostile_jobs).concat())?;
    output(system.installation.cluster.kubectl().args(["apply", "-f"]).arg(&manifest))?;
    let beside = honest_jobs(system, "beside")?;

    let mut unfinished = 0;
    for namespace in HOSTILE {
        let jobs = jobs_of(system, namespace)?;
        unfinished +=
            jobs.iter().filter(|job| !matches!(job["status"]["phase"].as_str(), Some("Done" | "Failed"))).count();
        ensure_nothing_crossed(namespace, &jobs)?;
    }
    ensure!(unfinished > 0, "the hostile jobs had ended before the honest ones: nothing was tried");
    let limit = alone.mul_f64(1.5) + MARGIN;
    ensure!(beside <= limit, "{beside:?} beside {unfinished} hostile jobs, {alone:?} alone");
    for namespace in HOSTILE {
        output(system.kubectl(namespace).args(["delete", "namespace", namespace, "--timeout=120s"]))?;
    }
    ensure!(restarts(system)? == before, "pods were restarted: {before:?}, {:?}", restarts(system)?);
    Ok(())
}
