//! How a check ended and what it took. Does I/O.

use std::{process::Command, time::Instant};

use anyhow::{Context as _, Result, ensure};
use subtitle_tests::{
    skips::Skip,
    usage::{self, Cost},
};

/// A check that has run.
pub(super) struct Outcome {
    name: &'static str,
    result: Result<Cost>,
}

impl Outcome {
    /// The outcome of a check; an error is printed at once, too.
    pub(super) fn new(name: &'static str, result: Result<Cost>) -> Self {
        if let Err(error) = &result {
            println!("{name}: {error:#}");
        }
        Self { name, result }
    }

    /// Whether it passed.
    pub(super) fn has_passed(&self) -> bool {
        self.result.is_ok()
    }
}

/// Runs a command to its end; an error if it fails.
pub(super) fn run(command: &mut Command) -> Result<Cost> {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    let shown = words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ");
    let mut child = command.spawn().with_context(|| format!("failed to start '{shown}'"))?;
    let (status, cost) = usage::measured(&mut child)?;
    ensure!(status.success(), "'{shown}' ended with {status} after {cost}");
    Ok(cost)
}

/// Runs a check that is a command.
pub(super) fn measured(name: &'static str, command: &mut Command) -> Outcome {
    println!("\n=== {name}");
    Outcome::new(name, run(command))
}

/// Runs a check in this process, while nothing runs beside it.
pub(super) fn here(name: &'static str, check: impl FnOnce() -> Result<()>) -> Outcome {
    println!("\n=== {name}");
    let (begun, before) = (Instant::now(), usage::so_far().cpu);
    let result = check();
    let cost = Cost { wall: begun.elapsed(), cpu: usage::so_far().cpu.saturating_sub(before) };
    Outcome::new(name, result.with_context(|| format!("failed after {cost}")).map(|()| cost))
}

/// Prints a line for each check and each skip.
pub(super) fn print_summary(outcomes: &[Outcome], skips: &[&Skip], not_run: &[&str]) {
    println!("\n=== summary");
    for Outcome { name, result } in outcomes {
        match result {
            Ok(cost) => println!("ok      {name} ({cost})"),
            Err(error) => println!("FAILED  {name}: {error}"),
        }
    }
    for Skip { name, reason, expected } in skips {
        println!("skipped {name}: {reason} ({})", expected.unwrap_or("NOT EXPECTED"));
    }
    for tier in not_run {
        println!("NOT RUN {tier}, because a check before it failed");
    }
    let passed = outcomes.iter().filter(|outcome| outcome.has_passed()).count();
    println!("{passed} passed, {} failed, {} skipped", outcomes.len() - passed, skips.len());
}
