//! `cargo demo`: the whole product on this machine, step by step. Does I/O.

mod table;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, Result};
use serde_json::Value;
use subtitle_tests::{
    process::output,
    root, samples,
    usage::{self, Cost},
};

use crate::commands::{
    requirements,
    session::{Session, SessionArgs, SessionGuard},
};

/// Cues shown side by side.
const SHOWN: usize = 10;
/// Width of a column of text, in characters.
const COLUMN: usize = 46;

/// Runs the demo; the system stays running afterwards.
pub(crate) fn demo(options: &SessionArgs) -> Result<()> {
    requirements::check_and_install(options)?;
    println!("\nStarting, side by side:");
    let guard = SessionGuard::begin(options)?;
    let session = &guard.session;

    // Only processes on this machine have the models so far, and only a cluster has the pod that serves films over HTTP.
    let in_pods = options.node || options.context.is_some();
    let folders: Vec<PathBuf> = [samples::folder()]
        .into_iter()
        .chain(in_pods.then(samples::http_folder))
        .chain(session.has_models.then(samples::neural_folder))
        .collect();
    let names: Vec<String> = samples::promises(&folders)?.into_iter().map(|promise| promise.name).collect();
    forget_earlier_jobs(session)?;
    let arguments = folders.iter().flat_map(|folder| ["-f".into(), shown(folder)]);
    let arguments: Vec<String> = ["apply".to_owned()].into_iter().chain(arguments).collect();
    println!("\n$ kubectl {}", arguments.join(" "));
    output(session.kubectl().args(&arguments).current_dir(root()))?;
    table::until_finished(session, &names, Duration::from_secs(180))?;

    let translated = job(session, if session.has_models { "portuguese" } else { "translated" })?;
    side_by_side(&file(&job(session, "found")?)?, &translated)?;
    history(session, &translated)?;
    let failed = job(session, "failed")?;
    println!("\nWhy 'failed' failed:\n  {}", failed["status"]["message"].as_str().unwrap_or_default());
    what_to_try(session, options);
    let Cost { wall, cpu } = usage::so_far();
    println!("\nThis took {}, what was compiled included.", Cost { wall, cpu: cpu + guard.cpu_time() });
    guard.keep()
}

/// A folder of the checkout, relative to its root.
fn shown(folder: &Path) -> String {
    folder.strip_prefix(root()).unwrap_or(folder).display().to_string()
}

/// Deletes the jobs of an earlier demo, which the user's own cluster may have.
fn forget_earlier_jobs(session: &Session) -> Result<()> {
    let delete = ["delete", "--ignore-not-found", "--recursive", "-f"];
    output(session.kubectl().args(delete).arg(samples::folder()).arg("-f").arg(samples::neural_folder())).map(drop)
}

fn job(session: &Session, name: &str) -> Result<Value> {
    let text = output(session.kubectl().args(["get", "subtitlejob", name, "-o", "json"]))?;
    Ok(serde_json::from_str(&text)?)
}

fn file(job: &Value) -> Result<String> {
    let url = job["status"]["result"]["url"].as_str();
    let url = url.with_context(|| format!("the job has no file; its status is {:#}", job["status"]))?;
    output(Command::new("curl").args(["-sf", url]))
}

fn side_by_side(source: &str, translated: &Value) -> Result<()> {
    let translation = file(translated)?;
    let (source, translation) = (samples::cues(source), samples::cues(&translation));
    let engine = translated["status"]["result"]["engine"].as_str().unwrap_or_default();
    println!("\nThe first {SHOWN} of {} cues, as the engine '{engine}' translates them:\n", source.len());
    let text = |cue: &str| {
        let line = cue.trim_end().replace('\n', " / ");
        if line.chars().count() <= COLUMN { line } else { line.chars().take(COLUMN - 1).chain(['…']).collect() }
    };
    for (source, translation) in source.into_iter().zip(translation).take(SHOWN) {
        println!("  {:<COLUMN$}  {}", text(source), text(translation));
    }
    Ok(())
}

fn history(session: &Session, job: &Value) -> Result<()> {
    let id = job["metadata"]["uid"].as_str().unwrap_or_default();
    println!("\nIts history, from GET /subtitles/{id}/events:\n");
    let page = output(Command::new("curl").args(["-sf", &format!("{}/subtitles/{id}/events", session.api)]))?;
    let page: Value = serde_json::from_str(&page)?;
    for event in page["events"].as_array().into_iter().flatten().rev() {
        let text = |key: &str| event[key].as_str().unwrap_or_default();
        let counted = match (event["payload"]["done"].as_u64(), event["payload"]["total"].as_u64()) {
            (Some(done), Some(total)) => format!(" {done}/{total}"),
            _ => String::new(),
        };
        // Whole seconds and milliseconds of an RFC 3339 time.
        let time: String = text("timestamp").chars().take(23).collect();
        println!("  {time:<23}  {:<11} {}{counted}", text("source"), text("event_type"));
    }
    Ok(())
}

fn what_to_try(session: &Session, options: &SessionArgs) {
    let folder_argument = options.folder_argument();
    println!(
        "
Everything keeps running; the API is at {}. Try:

  eval \"$(cargo dev env{folder_argument})\"          # kubectl, curl and redis-cli now mean this system
  kubectl get subtitlejobs -o wide
  curl $SUBTITLES_API/subtitles/$(kubectl get subtitlejob translated -o jsonpath='{{.metadata.uid}}')
  {}

End it with: cargo dev down{folder_argument}",
        session.api,
        if options.node || options.context.is_some() {
            "kubectl -n subtitles delete pod -l app.kubernetes.io/component=translator; kubectl replace --force -f manifests/samples/"
        } else {
            "kill -9 $(pgrep -f subtitle-translator); kubectl replace --force -f manifests/samples/; kubectl get subtitlejobs -w"
        }
    );
    if let Some(library) = &session.library {
        println!(
            "\nYour own film: copy it to\n  {}\nand write  spec: {{video: {{path: FILM.mkv}}, language: es, output: {{sidecar: IfAbsent}}}}",
            library.display()
        );
    }
    if let Some(context) = &options.context {
        println!(
            "The chart and the jobs stay in the cluster of the context '{context}': helm -n subtitles uninstall subtitles"
        );
    }
}
