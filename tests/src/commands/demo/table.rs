//! The table of phases while jobs run: redrawn in place on a terminal, one line per change elsewhere. Does I/O.

use std::{
    collections::BTreeMap,
    io::{IsTerminal as _, Write as _},
    process::Stdio,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use subtitle_tests::limit::AwakeTimeout;

use crate::commands::session::Session;

/// The columns of a job.
#[derive(Clone, Default, PartialEq)]
struct Row {
    phase: String,
    language: String,
    progress: String,
    reason: String,
    is_finished: bool,
}

fn row(job: &Value) -> Row {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let status = &job["status"];
    let phase = if status["phase"].is_string() { text(&status["phase"]) } else { "Pending".to_owned() };
    Row {
        is_finished: matches!(phase.as_str(), "Done" | "Failed"),
        phase,
        language: text(&job["spec"]["language"]),
        progress: text(&status["progress"]),
        reason: text(&status["reason"]),
    }
}

fn line(name: &str, row: &Row) -> String {
    format!("{name:<16} {:<20} {:<5} {:<9} {}", row.phase, row.language, row.progress, row.reason)
}

/// Shows the phases of `names` until all are finished.
pub(crate) fn until_finished(session: &Session, names: &[String], limit: Duration) -> Result<()> {
    let mut watch = session.kubectl();
    watch.args(["get", "subtitlejobs", "--watch", "-o", "json"]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut watch = watch.spawn().context("failed to start kubectl")?;
    let changes = watch.stdout.take().context("its output is a pipe")?;
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for job in serde_json::Deserializer::from_reader(changes).into_iter::<Value>().map_while(Result::ok) {
            if sender.send(job).is_err() {
                return;
            }
        }
    });
    let outcome = follow(&receiver, names, limit);
    let _ = watch.kill();
    let _ = watch.wait();
    outcome
}

fn follow(changes: &mpsc::Receiver<Value>, names: &[String], limit: Duration) -> Result<()> {
    let is_terminal = std::io::stdout().is_terminal();
    let mut rows: BTreeMap<String, Row> = names.iter().map(|name| (name.clone(), Row::default())).collect();
    let (begun, mut left) = (Instant::now(), AwakeTimeout::new(limit));
    println!("\n{}", line("NAME", &heading()));
    if is_terminal {
        print!("{}", "\n".repeat(rows.len()));
    }
    while rows.values().any(|row| !row.is_finished) {
        let job = changes.recv_timeout(Duration::from_secs(1));
        if let Err(error) = job
            && (error == RecvTimeoutError::Disconnected || left.poll_expired())
        {
            let open: Vec<&str> =
                rows.iter().filter(|(_, row)| !row.is_finished).map(|(name, _)| name.as_str()).collect();
            bail!(
                "not finished within {} s: {}; see `kubectl describe subtitlejobs`",
                limit.as_secs(),
                open.join(", ")
            );
        }
        let Ok(job) = job else { continue };
        let Some((name, shown)) = job["metadata"]["name"].as_str().and_then(|name| rows.get_key_value(name)) else {
            continue;
        };
        let (name, next) = (name.clone(), row(&job));
        if *shown == next {
            continue;
        }
        if !is_terminal {
            println!("{}", line(&name, &next));
        }
        rows.insert(name, next);
        if is_terminal {
            let lines: Vec<String> = rows.iter().map(|(name, row)| format!("\x1b[2K{}", line(name, row))).collect();
            println!("\x1b[{}A{}", rows.len(), lines.join("\n"));
            std::io::stdout().flush()?;
        }
    }
    println!("all {} finished after {:.1} s", rows.len(), begun.elapsed().as_secs_f32());
    Ok(())
}

fn heading() -> Row {
    let [phase, language, progress, reason] = ["PHASE", "LANG", "PROGRESS", "REASON"].map(str::to_owned);
    Row { phase, language, progress, reason, is_finished: false }
}
