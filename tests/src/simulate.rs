//! `cargo dev simulate`: plays seeds of the simulation, any number of them, or shows what happens in one. It runs the
//! test in `tests/tests/simulation`, so that what a person replays is what `cargo verify` played.

use anyhow::{Context as _, Result};
use clap::Args;
use subtitle_tests::process::cargo;

/// Which seeds.
#[derive(Args)]
pub(crate) struct Wanted {
    /// How many seeds to play
    #[arg(long, default_value_t = 1)]
    seeds: u64,
    /// The first one
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Print everything that happens
    #[arg(long)]
    trace: bool,
}

/// Plays them; true if no rule was broken.
pub(crate) fn simulate(wanted: &Wanted) -> Result<bool> {
    let test = ["test", "--quiet", "--workspace", "--test", "simulation", "--", "--ignored", "--nocapture", "simulate"];
    let status = cargo()
        .args(test)
        .env("SIMULATION_SEEDS", wanted.seeds.to_string())
        .env("SIMULATION_SEED", wanted.seed.to_string())
        .env("SIMULATION_TRACE", u8::from(wanted.trace).to_string())
        .env("RUST_BACKTRACE", "0")
        .status()
        .context("failed to start cargo")?;
    Ok(status.success())
}
