//! Checks that nothing is lost, repeated or reversed, whatever fails: runs the production loops, decisions and tasks on simulated
//! servers, on one thread and in virtual time. A seed determines the whole run, so a failure is reproduced with
//! `cargo dev simulate --seed N --trace`.
//!
//! ```text
//!   director ──faults──▶ servers: broker · API server · Redis · object store · clock
//!                          │ each change              ▲
//!                          ▼                          │ ports (each call a step, each may fail)
//!                        checks                     processes: the product's loops
//! ```

mod checks;
mod director;
mod faults;
mod ports;
mod processes;
mod publishers;
mod random;
mod run;
mod scheduler;
mod servers;
mod users;
mod world;

use std::{collections::BTreeMap, ops::Range, panic::resume_unwind, thread, time::Instant};

use checks::corners::Corner;
use faults::{FaultRates, Planted};
use run::{run, run_with};

/// The C library's allocator took a fifth of the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Number of seeds that `cargo test` runs.
const SEEDS: u64 = 2_000;
/// Number of seeds within which a planted fault must be caught.
const CAUGHT_WITHIN: u64 = 2_000;

/// Runs seeds on all cores; returns in how many of them each corner case was reached. Stops at the first violation.
fn play(seeds: Range<u64>) -> BTreeMap<Corner, usize> {
    let threads = thread::available_parallelism().map_or(1, |threads| threads.get() as u64);
    let begun = Instant::now();
    let play_some = |first: u64| {
        let (mut steps, mut reached) = (0, BTreeMap::new());
        for seed in (first..seeds.end).step_by(usize::try_from(threads).unwrap_or(1)) {
            let verdict = run(seed, None, false);
            if let Some(violation) = verdict.violation {
                let replay = format!("cargo dev simulate --seed {seed} --trace");
                let what = format!("seed {seed} breaks a rule after {} steps: {violation}", verdict.steps);
                return Err(format!("{what}\n  replay it: {replay}"));
            }
            steps += verdict.steps;
            verdict.reached.into_iter().for_each(|corner| *reached.entry(corner).or_insert(0) += 1);
        }
        Ok((steps, reached))
    };
    let (mut steps, mut reached) = (0, BTreeMap::new());
    thread::scope(|scope| {
        let firsts = (seeds.start..seeds.end).take(usize::try_from(threads).unwrap_or(1));
        let playing: Vec<_> = firsts.map(|first| scope.spawn(move || play_some(first))).collect();
        for thread in playing {
            let played = thread.join().unwrap_or_else(|broke| resume_unwind(broke));
            let (more_steps, corners) = played.unwrap_or_else(|violation| panic!("{violation}"));
            steps += more_steps;
            for (corner, seeds) in corners {
                *reached.entry(corner).or_insert(0) += seeds;
            }
        }
    });
    let (number, seconds) = (seeds.end - seeds.start, begun.elapsed().as_secs_f64());
    println!("{number} seeds, {steps} steps, {seconds:.1} s on {threads} threads");
    reached
}

#[test]
fn no_seed_breaks_a_rule_and_every_corner_is_reached() {
    let reached = play(0..SEEDS);
    let missed: Vec<Corner> = Corner::ALL.into_iter().filter(|corner| !reached.contains_key(corner)).collect();
    assert_eq!(missed, [], "of {reached:?}");
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
    for seed in 0..100 {
        let verdict = run_with(seed, FaultRates::default(), None, false);
        assert_eq!(verdict.violation, None, "seed {seed}");
    }
}

#[test]
fn of_two_installations_one_works_on_each_job() {
    for seed in 0..200 {
        let rates = FaultRates { two_owners: true, ..FaultRates::from_seed(seed) };
        let verdict = run_with(seed, rates, None, false);
        // Both read the stream into one Redis here, and end each other's sessions: one may write once more at rest.
        let violation = verdict.violation.filter(|violation| !violation.starts_with("I7"));
        assert_eq!(violation, None, "seed {seed}");
    }
}

/// Plays a seed with a planted fault; returns the violation.
fn violation_of(seed: u64, planted: Option<Planted>) -> Option<String> {
    let rates = FaultRates { two_owners: planted == Some(Planted::SecondOwner), ..FaultRates::from_seed(seed) };
    run_with(seed, rates, planted, false).violation
}

#[test]
fn every_planted_fault_is_caught() {
    let mut missed = Vec::new();
    for fault in Planted::ALL {
        let caught = (0..CAUGHT_WITHIN).find_map(|seed| Some((seed, violation_of(seed, Some(fault))?)));
        match caught {
            Some((seed, violation)) => println!("{fault:?}: seed {seed}: {violation}"),
            None => missed.push(fault),
        }
    }
    assert_eq!(missed, [], "not caught within {CAUGHT_WITHIN} seeds");
}

/// Prints the first seed that catches a planted fault, the rule that it breaks, and how many seeds catch it.
fn count(seeds: Range<u64>, planted: Option<Planted>) {
    let number = seeds.end - seeds.start;
    let mut caught = seeds.filter_map(|seed| Some((seed, violation_of(seed, planted)?)));
    let name = planted.map_or_else(|| "None".to_owned(), |fault| format!("{fault:?}"));
    match caught.next() {
        Some((seed, violation)) => println!("{name}: seed {seed}, {} of {number}: {violation}", 1 + caught.count()),
        None => println!("{name}: 0 of {number}"),
    }
}

/// What `cargo dev simulate` runs; see `tests/src/commands/simulate.rs`.
#[test]
#[ignore = "cargo dev simulate runs it"]
fn simulate() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("SIMULATION_SEED").unwrap_or(0);
    let seeds = first..first + number("SIMULATION_SEEDS").unwrap_or(1);
    if let Ok(wanted) = std::env::var("SIMULATION_PLANTED").as_deref() {
        let is_wanted = |fault: &Planted| wanted == "all" || wanted == format!("{fault:?}");
        match wanted {
            "none" => count(seeds, None),
            _ => Planted::ALL.into_iter().filter(is_wanted).for_each(|fault| count(seeds.clone(), Some(fault))),
        }
        return;
    }
    if number("SIMULATION_TRACE") != Some(1) {
        println!("{:?}", play(seeds));
        return;
    }
    for seed in seeds {
        let verdict = run(seed, None, true);
        println!("{}", verdict.trace.join("\n"));
        let outcome = verdict.violation.unwrap_or_else(|| "no rule is broken".to_owned());
        println!("seed {seed}, {} steps: {outcome}", verdict.steps);
    }
}
