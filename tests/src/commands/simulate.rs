//! `cargo dev simulate`: runs seeds of the simulation, or traces one of them. It runs the test in `tests/tests/simulation`, so a
//! replayed seed is the one that `cargo verify` ran. Does I/O.

use anyhow::{Context as _, Result};
use clap::Args;
use subtitle_tests::process::cargo;

/// The seeds to run.
#[derive(Args)]
pub(crate) struct Wanted {
    /// How many seeds to run
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first one
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print everything that happens
    #[arg(long)]
    trace: bool,
    /// Plant this fault of `tests/tests/simulation/faults.rs`, or `all` in turn, and count the seeds that catch it
    #[arg(long, conflicts_with = "trace")]
    planted: Option<String>,
}

/// Runs the seeds; true if no invariant was violated.
pub(crate) fn simulate(wanted: &Wanted) -> Result<bool> {
    let test = ["test", "--quiet", "--workspace", "--test", "simulation", "--", "--ignored", "--nocapture", "simulate"];
    let mut command = cargo();
    if let Some(fault) = &wanted.planted {
        command.env("SIMULATION_PLANTED", fault);
    }
    let status = command
        .args(test)
        .env("SIMULATION_SEEDS", wanted.seeds.to_string())
        .env("SIMULATION_SEED", wanted.seed.to_string())
        .env("SIMULATION_TRACE", u8::from(wanted.trace).to_string())
        .env("RUST_BACKTRACE", "0")
        .status()
        .context("failed to start cargo")?;
    Ok(status.success())
}
