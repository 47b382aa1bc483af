//! `cargo verify`: runs each check as a command, shows its output, and closes with a summary. Does I/O.

use std::{process::Command, time::Instant};

use anyhow::{Context as _, Result, ensure};
use subtitle_tests::{
    packages,
    process::{cargo, output},
    stack,
};

use crate::generated;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let status = cargo().args(arguments).envs(environment.iter().copied()).status().context("failed to start cargo")?;
    ensure!(status.success(), "'cargo {}' ended with {status}", arguments.join(" "));
    Ok(())
}

/// The fault run with so many jobs.
pub(crate) fn faults(jobs: u32) -> Result<()> {
    let arguments = ["test", "--workspace", "--locked", "--test", "faults", "--", "--nocapture"];
    run(&arguments, &[("SUBTITLE_FAULT_JOBS", &jobs.to_string())])
}

/// The benchmark of the pipeline; it writes its figures to `tests/bench/RESULTS.md`.
pub(crate) fn bench_pipeline() -> Result<()> {
    println!("compiling operator, workers and the bench to be fast: minutes, the first time");
    stack::build(stack::Profile::Bench)?;
    run(&["bench", "--workspace", "--locked", "--bench", "pipeline"], &[])
}

/// The same broker session, topology and faults on the version people run today.
fn faults_on_rabbitmq_4() -> Result<()> {
    let may_mount = output(Command::new("unshare").args(["--mount", "true"])).is_ok();
    if !packages::is_root() || !may_mount {
        println!(
            "skipped: a root file system with RabbitMQ 4 can only be made and entered as root, with mount namespaces"
        );
        return Ok(());
    }
    let arguments = ["test", "--workspace", "--locked", "--test", "broker", "--test", "contract", "--test", "faults"];
    run(&arguments, &[("SUBTITLE_RABBITMQ", "4"), ("SUBTITLE_FAULT_JOBS", "200")])
}

type Check = fn() -> Result<()>;

const CHECKS: &[(&str, Check)] = &[
    ("packages", subtitle_tests::packages::ensure),
    ("format", || run(&["fmt", "--all", "--check"], &[])),
    ("lints", || run(&["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"], &[])),
    ("tests", || run(&["test", "--workspace", "--locked", "--no-fail-fast"], &[])),
    ("faults on RabbitMQ 4", faults_on_rabbitmq_4),
    ("generated files", generated::are_current),
];

/// Runs every check, even after one failed; true when all passed.
pub(crate) fn verify() -> bool {
    let mut outcomes = Vec::new();
    for (name, check) in CHECKS {
        println!("\n=== {name}");
        let start = Instant::now();
        let outcome = check();
        if let Err(error) = &outcome {
            println!("{error:#}");
        }
        outcomes.push((name, outcome.is_ok(), start.elapsed()));
    }
    println!("\n=== summary");
    for (name, passed, took) in &outcomes {
        println!("{:<6} {name} ({:.1} s)", if *passed { "ok" } else { "FAILED" }, took.as_secs_f32());
    }
    let passed = outcomes.iter().filter(|(_, passed, _)| *passed).count();
    println!("{passed} passed, {} failed", outcomes.len() - passed);
    passed == outcomes.len()
}
