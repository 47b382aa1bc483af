//! Compares the verdict for every pair of phase and event type, for an older, the current and a future attempt, with the
//! golden file. `UPDATE_GOLDEN=1` rewrites it. Does I/O.
#![expect(clippy::disallowed_methods, reason = "a test may read its golden file")]

use std::fmt::Write as _;

use subtitle_contract::{event::EventType, phase::Phase, progress::Progress};

#[test]
fn verdicts_match_the_golden_file() {
    let mut table = String::from(
        "# What each event means in each phase, for an event of the current attempt (2), an older (1), a future (3).\n",
    );
    let types = EventType::KNOWN.into_iter().chain([EventType::Unknown("subtitle.rated".into())]);
    for event_type in types {
        let _ = writeln!(table, "\n{}", event_type.as_str());
        for phase in Phase::ALL {
            let progress = Progress { attempt: 2, phase };
            let [current, older, future] = [2, 1, 3].map(|attempt| progress.classify(&event_type, attempt).name());
            let _ = writeln!(table, "  {:<20} {current:<22} {older:<7} {future}", phase.as_str());
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/phase_by_event.txt");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(path, &table).expect("writes the golden file");
    }
    let golden = std::fs::read_to_string(path).expect("reads the golden file");
    assert_eq!(table, golden, "run UPDATE_GOLDEN=1 cargo test --workspace --test progress_table and review the diff");
}

#[test]
fn progress_only_grows_and_a_final_phase_is_never_left() {
    for phase in Phase::ALL {
        let current = Progress { attempt: 1, phase };
        for event_type in EventType::KNOWN {
            if let subtitle_contract::progress::Classification::Advance(next) = current.classify(&event_type, 1) {
                assert!(current.allows(Progress { attempt: 1, phase: next }));
                assert!(!phase.is_final());
            }
        }
    }
    let done = Progress { attempt: 1, phase: Phase::Done };
    assert!(!done.allows(Progress { attempt: 1, phase: Phase::Failed }));
    assert!(done.allows(Progress { attempt: 2, phase: Phase::DownloadQueued }));
}
