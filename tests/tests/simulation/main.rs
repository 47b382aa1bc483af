//! Nothing is lost, repeated or reversed, whatever breaks: the production's decisions, effects and tasks over simulated
//! servers, on one thread, in virtual time. One seed decides everything, so a failure is replayed by its number:
//! `cargo dev simulate --seed N --trace`.
//!
//! ```text
//!   director ──faults──▶ world: broker · api · redis · files · clock ◀──ports── operator, worker ──▶ production code
//!                          │ each change
//!                          ▼
//!                        checks (every step), rest (when the faults have stopped)
//! ```

mod broker;
mod checks;
mod cluster;
mod director;
mod effects;
mod executor;
mod faults;
mod files;
mod ledger;
mod loops;
mod operator;
mod paid;
mod people;
mod queue;
mod random;
mod rest;
mod run;
mod session;
mod work;
mod worker;
mod world;

use run::run;

/// Seeds that `cargo test` plays.
const SEEDS: u64 = 2_000;

fn play(seeds: impl Iterator<Item = u64>) -> usize {
    let (mut played, mut steps) = (0, 0);
    for seed in seeds {
        let verdict = run(seed, None, false);
        if let Some(violation) = verdict.violation {
            panic!(
                "seed {seed} after {} steps: {violation}\n  cargo dev simulate --seed {seed} --trace",
                verdict.steps
            );
        }
        played += 1;
        steps += verdict.steps;
    }
    println!("{played} seeds, {steps} steps");
    played
}

#[test]
fn no_seed_breaks_a_rule() {
    assert_eq!(play(0..SEEDS), 2_000);
}

#[test]
fn a_seed_is_the_same_every_time() {
    for seed in 0..20 {
        let (first, again) = (run(seed, None, true), run(seed, None, true));
        assert_eq!(first.trace, again.trace, "seed {seed}");
        assert_eq!(first.steps, again.steps);
    }
}

#[test]
fn without_faults_every_job_ends() {
    for seed in 0..200 {
        let verdict = run::run_in(seed, faults::Weather::default(), None, false);
        assert_eq!(verdict.violation, None, "seed {seed}");
    }
}

/// What `cargo dev simulate` runs: seeds and trace by the environment.
#[test]
#[ignore = "cargo dev simulate runs it"]
fn simulate() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("SIMULATION_SEED").unwrap_or(0);
    let seeds = number("SIMULATION_SEEDS").unwrap_or(1);
    let is_traced = number("SIMULATION_TRACE") == Some(1);
    if !is_traced {
        play(first..first + seeds);
        return;
    }
    for seed in first..first + seeds {
        let verdict = run(seed, None, true);
        println!("{}", verdict.trace.join("\n"));
        println!("seed {seed}, {} steps: {}", verdict.steps, verdict.violation.unwrap_or_else(|| "ok".to_owned()));
    }
}

/// Seeds within which a planted fault must be caught.
const CAUGHT_WITHIN: u64 = 400;

fn first_seed_that_catches(fault: faults::Planted) -> Option<(u64, String)> {
    (0..CAUGHT_WITHIN).find_map(|seed| run(seed, Some(fault), false).violation.map(|violation| (seed, violation)))
}

#[test]
fn planted_faults_are_caught() {
    for fault in faults::Planted::ALL {
        println!("{fault:?}: {:?}", first_seed_that_catches(fault));
    }
}
