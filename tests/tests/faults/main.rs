//! Faults on real servers while many jobs run: each part is killed, frozen, cut off, emptied or filled once, and every
//! job must still end right. `SUBTITLE_FAULT_JOBS` says how many jobs (`cargo dev faults --jobs N` sets it).
//!
//! ```text
//!   ledger (what was asked, and what the API server confirmed) ──┐
//!   watch (every status that was ever visible)                  ──┼──▶ verdict: lost, reversed, duplicated, stuck: none
//!   status, Redis, history at the end                           ──┘
//! ```

mod faults;
mod ledger;
mod verdict;
mod witness;

use std::{fs, time::Duration};

use subtitle_tests::{
    process::eventually,
    stack::{Options, Stack},
    temporary_folder,
};

#[test]
fn no_fault_of_any_part_loses_repeats_or_reverses_anything() {
    let jobs = std::env::var("SUBTITLE_FAULT_JOBS").ok().and_then(|jobs| jobs.parse().ok()).unwrap_or(500);
    let folder = temporary_folder("faults").expect("a temporary folder");
    let progress = |step: &str| println!("{step}");
    let options = Options {
        library: folder.join("library"),
        store: None,
        simulated_delay: Duration::from_millis(50),
        progress: &progress,
    };
    let mut stack = Stack::start_with(&folder, &options).expect("the stack starts");
    let witness = witness::Witness::begin(&stack);
    let asked = ledger::ask(&stack, &folder, jobs);
    println!("{jobs} jobs asked, {} confirmed", asked.len());
    faults::each_once(&mut stack);

    let limit = Duration::from_secs(180 + u64::from(jobs) / 5);
    let mut open = 0;
    let over = eventually("every job is over", limit, || {
        open = verdict::open(&stack)?;
        (open == 0).then_some(())
    });
    if over.is_err() {
        println!("{open} jobs are stuck; the logs are in {}", folder.display());
    }
    let verdict = verdict::of(&stack, &asked, &witness);
    println!("{verdict}");
    assert!(verdict.is_clean(), "{verdict}\nlogs: {}", folder.display());
    drop(stack);
    let _ = fs::remove_dir_all(&folder);
}
