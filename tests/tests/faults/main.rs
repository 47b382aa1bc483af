//! Faults on real servers while jobs run: each part is killed, frozen, cut off, emptied or filled, and every job must
//! still finish correctly. `SUBTITLE_FAULT_JOBS` sets the number of jobs (`cargo dev faults --jobs N` sets it); a large number is
//! created in rounds, and each round inflicts every fault. Does I/O.
//!
//! ```text
//!   requests (what was requested, and what the API server confirmed) ──┐
//!   watcher  (every status that was ever visible)                    ──┤
//!   services (every call that would be billed)                       ──┼──▶ verdict: lost, duplicated, reversed, stuck: none
//!   status, Redis, history at the end                                ──┘
//! ```

mod faults;
mod requests;
mod services;
mod throttle;
mod verdict;
mod watcher;

use std::{fs, time::Duration};

use anyhow::Result;
use requests::Requested;
use services::Services;
use subtitle_tests::{
    process::{eventually, output},
    skips::skip,
    stack::{Options, Stack},
    temporary_folder,
};
use throttle::Throttle;
use verdict::Verdict;
use watcher::Watcher;

/// The largest number of jobs that exist at once.
const ROUND: u32 = 5_000;
/// Concurrent tasks of a worker.
const CONCURRENCY: usize = 16;

#[test]
fn no_fault_of_any_part_loses_repeats_or_reverses_anything() {
    let jobs: u32 = std::env::var("SUBTITLE_FAULT_JOBS").ok().and_then(|jobs| jobs.parse().ok()).unwrap_or(500);
    if jobs == 0 {
        skip("faults", "SUBTITLE_FAULT_JOBS is 0");
        return;
    }
    let folder = temporary_folder("faults").expect("a temporary folder");
    let progress = subtitle_tests::progress::print;
    let services = Services::start();
    let mut environment = services.environment();
    environment.push(("SUBTITLES_CONCURRENCY".to_owned(), CONCURRENCY.to_string()));
    let throttle = Throttle::default();
    let start_api_proxy = |port: u16| throttle.proxy(port);
    let options = Options {
        environment,
        faulty: true,
        start_api_proxy: Some(&start_api_proxy),
        ..Options::new(folder.join("library"), &progress)
    };
    let mut stack = Stack::start_with(&folder, &options).expect("the stack starts");
    let watcher = Watcher::start(&stack);
    let (mut verdict, mut inflicted) = (Verdict::default(), Vec::new());
    for first in (0..jobs).step_by(usize::try_from(ROUND).expect("small")) {
        let films = first..jobs.min(first + ROUND);
        let (mut requested, faults) = (Requested::default(), u32::try_from(faults::FAULTS.len()).expect("few"));
        let share = |at: u32| films.start + (films.end - films.start) * at / faults;
        inflicted.extend(faults::each_once(&mut stack, &throttle, |stack, at| {
            let at = u32::try_from(at).expect("few");
            requested.create(stack, &folder, share(at)..share(at + 1));
        }));
        let limit = Duration::from_secs(180 + u64::from(ROUND) / 5);
        let mut open = 0;
        let over = eventually("every job has finished", limit, || {
            faults::restart_ended(&mut stack);
            open = verdict::open(&stack)?;
            (open == 0).then_some(())
        });
        if over.is_err() {
            println!("{open} jobs are stuck; the logs are in {}", folder.display());
        }
        verdict = verdict.and(verdict::of_round(&stack, &requested));
        println!("verdict so far: {verdict}");
        if films.end < jobs && verdict.is_clean() {
            clear(&stack).expect("the jobs of a round are deleted");
        }
    }
    let verdict = verdict::of_the_run(verdict, &watcher, &services, &inflicted);
    println!("verdict: {verdict}");
    assert!(verdict.is_clean(), "{verdict}\nlogs: {}", folder.display());
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}

/// Deletes every job, so that the next round lists only its own; the histories stay.
fn clear(stack: &Stack) -> Result<()> {
    let delete = ["delete", "subtitlejobs", "--all", "--wait=false"];
    output(stack.cluster.kubectl().args(delete)).map(drop)
}
