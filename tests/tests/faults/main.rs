//! Faults on real servers while jobs run: each part is killed, frozen, cut off, emptied or filled, and every job must
//! still end right. `SUBTITLE_FAULT_JOBS` says how many jobs (`cargo dev faults --jobs N` sets it); a large number is
//! asked in rounds, and each round inflicts every fault.
//!
//! ```text
//!   ledger (what was asked, and what the API server confirmed) ──┐
//!   watch (every status that was ever visible)                  ──┤
//!   provider (every call that somebody would be paid for)       ──┼──▶ verdict: lost, duplicated, reversed, stuck: none
//!   status, Redis, history at the end                           ──┘
//! ```

mod faults;
mod ledger;
#[path = "../outside/mod.rs"]
mod outside;
mod provider;
mod storm;
mod verdict;
mod witness;

use std::{fs, time::Duration};

use anyhow::Result;
use ledger::Asked;
use provider::Provider;
use storm::Storm;
use subtitle_tests::{
    process::{eventually, output},
    stack::{Options, Stack},
    temporary_folder,
};
use verdict::Verdict;
use witness::Witness;

/// Jobs that are there at once, at most.
const ROUND: u32 = 5_000;
/// Tasks that a worker has in hand.
const CONCURRENCY: usize = 16;

#[test]
fn no_fault_of_any_part_loses_repeats_or_reverses_anything() {
    let jobs: u32 = std::env::var("SUBTITLE_FAULT_JOBS").ok().and_then(|jobs| jobs.parse().ok()).unwrap_or(500);
    if jobs == 0 {
        println!("skipped: asked for no jobs; `cargo verify` runs the faults beside the other tests");
        return;
    }
    let folder = temporary_folder("faults").expect("a temporary folder");
    let progress = |step: &str| println!("{step}");
    let provider = Provider::start();
    let mut environment = provider.environment();
    environment.push(("SUBTITLES_CONCURRENCY".to_owned(), CONCURRENCY.to_string()));
    let storm = Storm::default();
    let in_front = |port: u16| storm.stand_before(port);
    let options = Options {
        environment,
        faulty: true,
        in_front_of_api: Some(&in_front),
        ..Options::new(folder.join("library"), &progress)
    };
    let mut stack = Stack::start_with(&folder, &options).expect("the stack starts");
    let witness = Witness::begin(&stack);
    let (mut verdict, mut inflicted) = (Verdict::default(), Vec::new());
    for first in (0..jobs).step_by(usize::try_from(ROUND).expect("small")) {
        let films = first..jobs.min(first + ROUND);
        let (mut asked, faults) = (Asked::default(), u32::try_from(faults::FAULTS.len()).expect("few"));
        let share = |at: u32| films.start + (films.end - films.start) * at / faults;
        inflicted.extend(faults::each_once(&mut stack, &storm, |stack, at| {
            let at = u32::try_from(at).expect("few");
            asked.ask(stack, &folder, share(at)..share(at + 1));
        }));
        let limit = Duration::from_secs(180 + u64::from(ROUND) / 5);
        let mut open = 0;
        let over = eventually("every job is over", limit, || {
            faults::start_again(&mut stack);
            open = verdict::open(&stack)?;
            (open == 0).then_some(())
        });
        if over.is_err() {
            println!("{open} jobs are stuck; the logs are in {}", folder.display());
        }
        verdict = verdict.and(verdict::of(&stack, &asked));
        println!("verdict so far: {verdict}");
        if films.end < jobs && verdict.is_clean() {
            clear(&stack).expect("the jobs of a round are deleted");
        }
    }
    let verdict = verdict::of_the_run(verdict, &witness, &provider, &inflicted);
    println!("verdict: {verdict}");
    assert!(verdict.is_clean(), "{verdict}\nlogs: {}", folder.display());
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}

/// Deletes every job: their histories stay, and the next round is not listed with this one.
fn clear(stack: &Stack) -> Result<()> {
    let delete = ["delete", "subtitlejobs", "--all", "--wait=false"];
    output(stack.cluster.kubectl().args(delete)).map(drop)
}
