//! Progress of slow steps, reported in lines of text. A line about a step that still runs starts with `RUNNING` and names the
//! step, so that a terminal can redraw it in place (`board`) and a log can thin it out (`print`). `command` runs slow commands
//! and reports their progress by `count`; `parallel` runs steps side by side. Does I/O.

pub mod board;
pub mod command;
pub mod count;
pub mod parallel;

use std::{
    collections::HashMap,
    io::Write as _,
    sync::{Mutex, OnceLock, PoisonError},
    time::{Duration, Instant},
};

/// Receives what is being done, in a few words.
pub type Progress<'a> = &'a (dyn Fn(&str) + Sync);

/// What a line about a running step starts with; `NAME: TEXT` follows, and an empty text ends the step.
const RUNNING: &str = "... ";
/// The time between two lines about the same running step in a log.
const LOG_INTERVAL: Duration = Duration::from_secs(30);

/// The line about a running step.
pub fn running(name: &str, text: &str) -> String {
    format!("{RUNNING}{name}: {text}")
}

/// What a line about a failure starts with.
const FAILURE: &str = "error: ";

/// The lines about a failure; those after the first are indented.
pub fn failure(error: &anyhow::Error) -> String {
    format!("{FAILURE}{error:#}").replace('\n', "\n           ")
}

/// Whether a line is the first about a failure.
pub fn is_failure(line: &str) -> bool {
    line.starts_with(FAILURE)
}

/// The name and text of a line about a running step.
fn parse(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix(RUNNING)?.split_once(": ")
}

/// Which lines about running steps a log shows: each step's first, and then one every 30 s.
#[derive(Default)]
struct Thinning {
    shown: HashMap<String, Instant>,
}

impl Thinning {
    fn shows(&mut self, line: &str, now: Instant) -> bool {
        let Some((name, text)) = parse(line) else { return true };
        if text.is_empty() {
            self.shown.remove(name);
            return false;
        }
        let is_due = self.shown.get(name).is_none_or(|shown| now.duration_since(*shown) >= LOG_INTERVAL);
        if is_due {
            self.shown.insert(name.to_owned(), now);
        }
        is_due
    }
}

/// Prints a line to standard output as a log shows it; a closed pipe is no reason to stop.
pub fn print(line: &str) {
    static THINNING: OnceLock<Mutex<Thinning>> = OnceLock::new();
    let thinning = THINNING.get_or_init(Mutex::default);
    if thinning.lock().unwrap_or_else(PoisonError::into_inner).shows(line, Instant::now()) {
        let _ = writeln!(std::io::stdout(), "{line}");
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Thinning, running};

    #[test]
    fn a_log_shows_a_running_step_at_once_and_then_every_30_seconds() {
        let (mut thinning, start) = (Thinning::default(), Instant::now());
        let mut shows = |line: &str, seconds| thinning.shows(line, start + Duration::from_secs(seconds));
        assert!(shows(&running("etcd", "1 of 9 packages"), 0));
        assert!(shows(&running("cargo", "1 of 9 packages"), 1), "another step");
        assert!(!shows(&running("etcd", "5 of 9 packages"), 29));
        assert!(shows("the Kubernetes API answers", 29), "no running step");
        assert!(shows(&running("etcd", "6 of 9 packages"), 30));
        assert!(!shows(&running("etcd", ""), 31), "the end of a step");
    }
}
