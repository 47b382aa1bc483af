//! `cargo verify`: runs each check as a command, shows its output, and closes with a summary. Does I/O.

use std::{
    fs::File,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use subtitle_tests::{
    packages,
    process::{cargo, output},
    stack, temporary_folder,
};

use crate::generated;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    to_its_end(cargo().args(arguments).envs(environment.iter().copied()))
}

fn to_its_end(cargo: &mut Command) -> Result<()> {
    let status = cargo.status().context("failed to start cargo")?;
    let arguments: Vec<String> = cargo.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    ensure!(status.success(), "'cargo {}' ended with {status}", arguments.join(" "));
    Ok(())
}

/// The fault run with so many jobs.
pub(crate) fn faults(jobs: u32) -> Result<()> {
    let arguments = ["test", "--workspace", "--locked", "--test", "faults", "--", "--nocapture"];
    run(&arguments, &[("SUBTITLE_FAULT_JOBS", &jobs.to_string())])
}

/// KEDA scales the workers of the chart on a real node.
pub(crate) fn e2e_keda() -> Result<()> {
    run(&["test", "--workspace", "--locked", "--test", "e2e", "--", "--ignored", "--nocapture", "keda"], &[])
}

/// The benchmark of the pipeline; it writes its figures to `tests/bench/RESULTS.md`.
pub(crate) fn bench_pipeline() -> Result<()> {
    println!("compiling operator, workers and the bench to be fast: minutes, the first time");
    stack::build(stack::Profile::Bench)?;
    run(&["bench", "--workspace", "--locked", "--bench", "pipeline"], &[])
}

/// The faults, on each RabbitMQ. They wait more than they work, so they run beside the other tests.
fn faults_beside(log: &File) -> Result<()> {
    let faults = |rabbitmq: &str, jobs: &str, tests: &[&str]| {
        let mut cargo = cargo();
        cargo.args(["test", "--workspace", "--locked"]).args(tests);
        cargo.env("SUBTITLE_RABBITMQ", rabbitmq).env("SUBTITLE_FAULT_JOBS", jobs);
        to_its_end(cargo.stdout(log.try_clone()?).stderr(log.try_clone()?))
    };
    let on_3 = faults("3", "500", &["--test", "faults"]);
    let may_mount = output(Command::new("unshare").args(["--mount", "true"])).is_ok();
    if !packages::is_root() || !may_mount {
        println!("skipped: RabbitMQ 4, whose root file system takes root and mount namespaces to make and to enter");
        return on_3;
    }
    // The version people run today, with the same broker session and topology.
    on_3.and(faults("4", "500", &["--test", "broker", "--test", "contract", "--test", "faults"]))
}

fn faults_and_tests() -> Vec<Outcome> {
    let compiled = outcome("compilation", || run(&["test", "--workspace", "--locked", "--no-run"], &[]));
    let log = temporary_folder("verify").map(|folder| folder.join("faults.log"));
    let (faults, tests) = thread::scope(|scope| {
        let log = log.as_ref();
        let beside = move || {
            let log = log.map_err(|error| anyhow!("no folder for a log: {error}"))?;
            faults_beside(&File::create(log)?)
        };
        let faults = scope.spawn(move || outcome("faults on RabbitMQ 3 and 4, beside the tests", beside));
        let tests = ["test", "--workspace", "--locked", "--no-fail-fast"];
        let tests = outcome("tests", || run(&tests, &[("SUBTITLE_FAULT_JOBS", "0")]));
        (faults.join(), tests)
    });
    if let Ok(said) = log.and_then(std::fs::read_to_string) {
        println!("\n=== what the faults said\n{said}");
    }
    let broke = |_| outcome("faults", || bail!("the thread of the faults broke"));
    vec![compiled, faults.unwrap_or_else(broke), tests]
}

struct Outcome {
    name: &'static str,
    passed: bool,
    took: Duration,
}

fn outcome(name: &'static str, check: impl FnOnce() -> Result<()>) -> Outcome {
    println!("\n=== {name}");
    let start = Instant::now();
    let result = check();
    if let Err(error) = &result {
        println!("{name}: {error:#}");
    }
    Outcome { name, passed: result.is_ok(), took: start.elapsed() }
}

/// Runs every check, even after one failed; true when all passed.
pub(crate) fn verify() -> bool {
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    let mut outcomes = vec![
        outcome("packages", packages::ensure),
        outcome("format", || run(&["fmt", "--all", "--check"], &[])),
        outcome("lints", || run(&lints, &[])),
    ];
    outcomes.extend(faults_and_tests());
    outcomes.push(outcome("generated files", generated::are_current));
    println!("\n=== summary");
    for Outcome { name, passed, took } in &outcomes {
        println!("{:<6} {name} ({:.1} s)", if *passed { "ok" } else { "FAILED" }, took.as_secs_f32());
    }
    let passed = outcomes.iter().filter(|outcome| outcome.passed).count();
    println!("{passed} passed, {} failed", outcomes.len() - passed);
    passed == outcomes.len()
}
