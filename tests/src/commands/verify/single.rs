//! Runs that `cargo verify` leaves out, or runs in another size. Does I/O.

use anyhow::Result;
use subtitle_tests::{
    process::cargo,
    progress::print,
    stack::{self, Profile},
};

use super::outcome;

fn run(arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let cost = outcome::run(cargo().args(arguments).envs(environment.iter().copied()))?;
    println!("this took {cost}");
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
    stack::build(Profile::Bench, &print)?;
    run(&["bench", "--workspace", "--locked", "--bench", "pipeline"], &[])
}
