//! How a check ended and what it took. Does I/O.

use std::process::Command;

use anyhow::{Context as _, Error, Result, ensure};
use subtitle_tests::{
    skips::Skip,
    usage::{self, Cost},
};

/// A check that has run.
pub(super) struct Outcome {
    name: &'static str,
    passed: bool,
    cost: Cost,
}

impl Outcome {
    /// A check that ran these commands one after the other.
    pub(super) fn new(name: &'static str, costs: Result<Vec<Cost>>) -> Self {
        match costs {
            Err(error) => Self::failed(name, &error),
            Ok(costs) => {
                let cost = Cost {
                    wall: costs.iter().map(|cost| cost.wall).sum(),
                    cpu: costs.iter().map(|cost| cost.cpu).sum(),
                };
                Self { name, passed: true, cost }
            }
        }
    }

    /// A check that failed.
    pub(super) fn failed(name: &'static str, error: &Error) -> Self {
        println!("{name}: {error:#}");
        Self { name, passed: false, cost: Cost::default() }
    }

    /// Whether it passed.
    pub(super) fn has_passed(&self) -> bool {
        self.passed
    }
}

/// Runs a command to its end; an error if it fails.
pub(super) fn to_the_end(command: &mut Command) -> Result<Cost> {
    let mut child = command.spawn().with_context(|| format!("failed to start {}", shown(command)))?;
    let (status, cost) = usage::measured(&mut child)?;
    ensure!(status.success(), "'{}' ended with {status} after {cost}", shown(command));
    Ok(cost)
}

fn shown(command: &Command) -> String {
    let words = [command.get_program()].into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Runs a check that is a command.
pub(super) fn measured(name: &'static str, command: &mut Command) -> Outcome {
    println!("\n=== {name}");
    Outcome::new(name, to_the_end(command).map(|cost| vec![cost]))
}

/// Runs a check in this process, while nothing runs beside it.
pub(super) fn here(name: &'static str, check: impl FnOnce() -> Result<()>) -> Outcome {
    println!("\n=== {name}");
    let before = usage::so_far();
    let begun = std::time::Instant::now();
    let result = check();
    let cost = Cost { wall: begun.elapsed(), cpu: usage::so_far().cpu.saturating_sub(before.cpu) };
    Outcome::new(name, result.map(|()| vec![cost]))
}

/// Prints a line for each check and each skip.
pub(super) fn print_summary(outcomes: &[Outcome], skips: &[&Skip], not_run: &[&str]) {
    println!("\n=== summary");
    for Outcome { name, passed, cost } in outcomes {
        if *passed {
            println!("ok      {name} ({cost})");
        } else {
            println!("FAILED  {name}");
        }
    }
    for Skip { name, reason, expected } in skips {
        println!("skipped {name}: {reason} ({})", expected.unwrap_or("NOT EXPECTED"));
    }
    for tier in not_run {
        println!("NOT RUN {tier}, because a check before it failed");
    }
    let passed = outcomes.iter().filter(|outcome| outcome.passed).count();
    println!("{passed} passed, {} failed, {} skipped", outcomes.len() - passed, skips.len());
}
