//! The process behind a session: starts the system, starts again what dies, as a Deployment would, and ends
//! everything when asked, or when whoever started it goes away before having asked to keep it. Does I/O.

use std::{
    fs,
    io::{BufRead as _, Write as _},
    path::Path,
    thread,
    time::Duration,
};

use anyhow::{Context as _, Result};
use subtitle_tests::{
    cluster::needs_compiling,
    films::first_lines_in_spanish,
    stack::{self, Stack},
};

use crate::session::{Options, Session, signal_group};

/// Nobody may be reading any more, which is no reason to stop.
fn tell(step: &str) {
    let _ = writeln!(std::io::stdout(), "{step}");
}

fn end_with_whoever_started_us(group: String) {
    thread::spawn(move || {
        let mut line = String::new();
        let _ = std::io::stdin().lock().read_line(&mut line);
        if line.trim() != "keep" {
            signal_group(&group, "KILL");
        }
    });
}

/// Runs until its process group is ended.
pub(crate) fn serve(options: &Options) -> Result<()> {
    let _lock = options.lock()?.context("another session starts in this folder at this moment")?;
    let (folder, group) = (options.folder()?, std::process::id().to_string());
    fs::write(folder.join("process"), &group)?;
    end_with_whoever_started_us(group.clone());
    match start(options, &folder) {
        Ok(stack) => look_after(stack),
        Err(error) => {
            tell(&format!("error: {error:#}"));
            signal_group(&group, "KILL");
            Err(error)
        }
    }
}

fn start(options: &Options, folder: &Path) -> Result<Stack> {
    // People put their own films into the library: it stays; everything else is made anew.
    for old in ["session.json", "kubernetes", "rabbitmq", "redis", "store"] {
        let old = folder.join(old);
        let _ = if old.is_dir() { fs::remove_dir_all(old) } else { fs::remove_file(old) };
    }
    if options.context.is_none() && needs_compiling()? {
        tell("while Kubernetes compiles, what Apertium makes of the first lines of the film:");
        for (english, spanish) in first_lines_in_spanish(4)? {
            tell(&format!("  {english:<46}  {spanish}"));
        }
    }
    let library = folder.join("library");
    let simulated_delay = Duration::from_millis(1500);
    let context = options.context.as_deref();
    let stack = stack::Options { context, simulated_delay, ..stack::Options::new(library, &tell) };
    let stack = Stack::start_with(folder, &stack)?;
    let session = Session {
        kubeconfig: stack.cluster.kubeconfig.clone(),
        kubectl: stack.cluster.kubectl.clone(),
        api: stack.api.clone(),
        broker_url: stack.broker.url.clone(),
        redis_url: stack.redis.url.clone(),
        store: stack.store.clone(),
        library: stack.library.clone(),
    };
    fs::write(folder.join("session.json"), serde_json::to_vec_pretty(&session)?)?;
    tell("ready");
    Ok(stack)
}

fn look_after(mut stack: Stack) -> Result<()> {
    loop {
        thread::sleep(Duration::from_millis(500));
        for server in stack.servers() {
            if let Some(status) = server.ended() {
                eprintln!("{} ended with {status}: starting it again", server.name);
                server.restart()?;
            }
        }
    }
}
