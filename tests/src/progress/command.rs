//! Slow commands: run to their end with their output in a log, and their progress reported meanwhile. Does I/O.

use std::{
    fs::{self, File},
    io::{Read, Write as _},
    path::Path,
    process::{Command, Stdio},
    sync::{Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

use super::{
    Progress,
    count::{Count, Counted, text},
    running,
};
use crate::{
    hints,
    usage::{self, Cost},
};

/// After this time it is known how many packages were compiled already.
const SETTLED: u64 = 2;
/// The last lines of a log that an error shows.
const SHOWN: usize = 15;

/// A slow command.
pub struct SlowCommand<'a> {
    /// What it makes, as people see it.
    pub name: &'a str,
    /// What it prints about its progress.
    pub count: Count,
    /// Where its output goes.
    pub log: &'a Path,
}

/// The end of a log.
pub fn end_of(log: &Path) -> String {
    let log = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = log.lines().collect();
    lines[lines.len().saturating_sub(SHOWN)..].join("\n")
}

/// The end of an error message: the hint for what was printed, on a line of its own, if there is one.
pub fn hint(printed: &str) -> String {
    hints::hint(printed).map_or_else(String::new, |hint| format!("\n{hint}"))
}

impl SlowCommand<'_> {
    /// Runs the command; the error holds the end of its output and a hint.
    pub fn run(&self, command: &mut Command, progress: Progress<'_>) -> Result<Cost> {
        let program = command.get_program().to_string_lossy().into_owned();
        let log = File::create(self.log).with_context(|| format!("failed to create {}", self.log.display()))?;
        command.stdin(Stdio::null()).stdout(log.try_clone()?);
        if self.count == Count::None {
            command.stderr(log.try_clone()?);
        } else {
            command.stderr(Stdio::piped());
        }
        let mut child = command.spawn().with_context(|| format!("failed to start '{program}'"))?;
        let (errors, counted) = (child.stderr.take(), Mutex::new(Counted::default()));
        let begun = Instant::now();
        let (status, cpu) = thread::scope(|scope| {
            if let Some(errors) = errors {
                let counted = &counted;
                scope.spawn(move || self.count(errors, log, counted));
            }
            let (mut reported, mut skipped) = (0, 0);
            usage::wait(&mut child, || {
                let seconds = begun.elapsed().as_secs();
                if seconds == reported {
                    return;
                }
                reported = seconds;
                let counted = *counted.lock().unwrap_or_else(PoisonError::into_inner);
                if seconds <= SETTLED {
                    skipped = counted.done;
                }
                progress(&running(self.name, &text(counted, skipped, seconds)));
            })
        })?;
        progress(&running(self.name, ""));
        if !status.success() {
            let (log, end) = (self.log.display(), end_of(self.log));
            bail!("the command ended with {status}; its output is in {log} and ends:\n{end}{}", hint(&end));
        }
        Ok(Cost { wall: begun.elapsed(), cpu })
    }

    /// Counts what a command prints, and writes all but progress bars to the log.
    fn count(&self, mut errors: impl Read, mut log: File, counted: &Mutex<Counted>) {
        let (mut buffer, mut rest) = ([0; 4096], Vec::new());
        while let Ok(count @ 1..) = errors.read(&mut buffer) {
            rest.extend_from_slice(&buffer[..count]);
            while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                let piece: Vec<u8> = rest.drain(..=end).collect();
                let piece = String::from_utf8_lossy(&piece[..end]).into_owned();
                let mut counted = counted.lock().unwrap_or_else(PoisonError::into_inner);
                *counted = self.count.after(*counted, &piece);
                if !piece.is_empty() && !self.count.is_bar(&piece) {
                    let _ = writeln!(log, "{piece}");
                }
            }
        }
        let _ = log.write_all(&rest);
    }
}

/// The time a step took, for a line that stays.
pub fn took(cost: Cost) -> String {
    format!("{:.0} s, {:.0} CPU seconds", cost.wall.as_secs_f32(), cost.cpu.max(Duration::from_secs(1)).as_secs_f32())
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command, sync::Mutex};

    use super::{Count, SlowCommand};
    use crate::temporary_folder;

    #[test]
    fn a_failed_command_is_reported_with_the_end_of_its_output_and_a_hint() {
        let folder = temporary_folder("slow").expect("a folder");
        let slow = SlowCommand { name: "etcd", count: Count::Go { packages: 2 }, log: &folder.join("log") };
        let lines = Mutex::new(Vec::new());
        let progress = |line: &str| lines.lock().expect("unpoisoned").push(line.to_owned());
        let mut sh = Command::new("sh");
        sh.args(["-c", "echo one >&2; sleep 1.3; echo 'lookup x: no such host' >&2; exit 3"]);
        let error = slow.run(&mut sh, &progress).expect_err("it fails").to_string();
        for part in ["exit status: 3", "no such host", "The network does not answer"] {
            assert!(error.contains(part), "{part}: {error}");
        }
        assert_eq!(lines.into_inner().expect("unpoisoned"), ["... etcd: 1 of 2 packages, 1 s so far", "... etcd: "]);
        let _ = fs::remove_dir_all(&folder);
    }
}
