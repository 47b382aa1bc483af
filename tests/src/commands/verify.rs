//! `cargo verify`: runs each check as a command, shows its output, and ends with a summary of checks and skipped tests. A
//! skip that is not expected is a failure. Does I/O.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, anyhow, bail, ensure};
use subtitle_tests::{
    process::{cargo, output},
    skips::{self, Skip},
    stack, temporary_folder,
    tools::packages,
};

use crate::commands::generated;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    run_to_end(cargo().args(arguments).envs(environment.iter().copied()))
}

fn run_to_end(cargo: &mut Command) -> Result<()> {
    let status = cargo.status().context("failed to start cargo")?;
    let arguments: Vec<String> = cargo.get_args().map(|argument| argument.to_string_lossy().into_owned()).collect();
    ensure!(status.success(), "'cargo {}' ended with {status}", arguments.join(" "));
    Ok(())
}

/// Runs the faults with this number of jobs.
pub(crate) fn faults(jobs: u32) -> Result<()> {
    let arguments = ["test", "--workspace", "--locked", "--test", "faults", "--", "--nocapture"];
    run(&arguments, &[("SUBTITLE_FAULT_JOBS", &jobs.to_string())])
}

/// Runs the test in which KEDA scales workers on a real node.
pub(crate) fn e2e_keda() -> Result<()> {
    run(&["test", "--workspace", "--locked", "--test", "e2e", "--", "--ignored", "--nocapture", "keda"], &[])
}

/// Runs the benchmark of the pipeline, which writes its figures to `tests/bench/RESULTS.md`.
pub(crate) fn bench_pipeline() -> Result<()> {
    println!("compiling operator, workers and the benchmark with optimizations: minutes, the first time");
    stack::build(stack::Profile::Bench)?;
    run(&["bench", "--workspace", "--locked", "--bench", "pipeline"], &[])
}

/// Runs the faults on each RabbitMQ. They mostly wait, so they run in parallel with the other tests.
fn faults_beside(log: &File, skip_file: &Path) -> Result<()> {
    let faults = |rabbitmq: &str, jobs: &str, tests: &[&str]| {
        let mut cargo = cargo();
        cargo.args(["test", "--workspace", "--locked"]).args(tests);
        cargo.env("SUBTITLE_RABBITMQ", rabbitmq).env("SUBTITLE_FAULT_JOBS", jobs).env(skips::VARIABLE, skip_file);
        run_to_end(cargo.stdout(log.try_clone()?).stderr(log.try_clone()?))
    };
    let on_3 = faults("3", "500", &["--test", "faults"]);
    let may_mount = output(Command::new("unshare").args(["--mount", "true"])).is_ok();
    if !packages::is_root() || !may_mount {
        skips::record(Some(skip_file), "rabbitmq-4", "its root file system needs root and mount namespaces");
        return on_3;
    }
    // The current version, with the same broker session and topology.
    on_3.and(faults("4", "500", &["--test", "broker", "--test", "contract", "--test", "faults"]))
}

fn faults_and_tests(skip_file: &Path) -> Vec<Outcome> {
    let compiled = outcome("compilation", || run(&["test", "--workspace", "--locked", "--no-run"], &[]));
    let log = temporary_folder("verify").map(|folder| folder.join("faults.log"));
    let (faults, tests) = thread::scope(|scope| {
        let log = log.as_ref();
        let beside = move || {
            let log = log.map_err(|error| anyhow!("failed to create a folder for the log: {error}"))?;
            faults_beside(&File::create(log)?, skip_file)
        };
        let faults = scope.spawn(move || outcome("faults on RabbitMQ 3 and 4, in parallel with the tests", beside));
        let tests = ["test", "--workspace", "--locked", "--no-fail-fast"];
        let mut cargo = cargo();
        cargo.args(tests).env("SUBTITLE_FAULT_JOBS", "0").env(skips::VARIABLE, skip_file);
        let tests = outcome("tests", || run_to_end(&mut cargo));
        (faults.join(), tests)
    });
    if let Ok(log) = log.and_then(fs::read_to_string) {
        println!("\n=== log of the faults\n{log}");
    }
    let panicked = |_| outcome("faults", || bail!("the thread of the faults panicked"));
    vec![compiled, faults.unwrap_or_else(panicked), tests]
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

/// The empty file to which tests and checks append what they skip.
fn skip_file() -> Result<PathBuf> {
    let file = temporary_folder("verify")?.join("skips");
    fs::write(&file, "").with_context(|| format!("failed to write {}", file.display()))?;
    Ok(file)
}

fn ensure_expected(skips: &[&Skip]) -> Result<()> {
    let unexpected: Vec<&str> =
        skips.iter().filter(|skip| skip.expected.is_none()).map(|skip| skip.name.as_str()).collect();
    ensure!(unexpected.is_empty(), "skipped, and not in the table of expected skips: {}", unexpected.join(", "));
    Ok(())
}

fn print_summary(outcomes: &[Outcome], skips: &[&Skip]) {
    println!("\n=== summary");
    for Outcome { name, passed, took } in outcomes {
        println!("{:<7} {name} ({:.1} s)", if *passed { "ok" } else { "FAILED" }, took.as_secs_f32());
    }
    for Skip { name, reason, expected } in skips {
        println!("skipped {name}: {reason} ({})", expected.unwrap_or("NOT EXPECTED"));
    }
    let passed = outcomes.iter().filter(|outcome| outcome.passed).count();
    println!("{passed} passed, {} failed, {} skipped", outcomes.len() - passed, skips.len());
}

fn checks(skip_file: &Path) -> Vec<Outcome> {
    let lints = ["clippy", "--workspace", "--all-targets", "--locked", "--", "--deny", "warnings"];
    let mut outcomes = vec![
        outcome("packages", packages::ensure),
        outcome("format", || run(&["fmt", "--all", "--check"], &[])),
        outcome("lints", || run(&lints, &[])),
    ];
    outcomes.extend(faults_and_tests(skip_file));
    outcomes.push(outcome("generated files", generated::are_current));
    outcomes
}

/// Runs every check, even after one failed; true when all passed and every skip was expected.
pub(crate) fn verify() -> Result<bool> {
    let skip_file = skip_file()?;
    let mut outcomes = checks(&skip_file);
    let skips = skips::recorded(&skip_file);
    let skips: Vec<&Skip> = skips.iter().collect();
    outcomes.push(outcome("no unexpected skip", || ensure_expected(&skips)));
    print_summary(&outcomes, &skips);
    Ok(outcomes.iter().all(|outcome| outcome.passed))
}
