//! What the worker adds to its engine: 1,500 cues through the translator's whole path with the installed Apertium,
//! beside the bare `apertium` command on the same text in the same run; the best of three each. The goal is at most
//! three times as long. `cargo bench -p subtitle-workers --bench translation`.

use std::{
    fmt::Write as _,
    io::Write as _,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use subtitle_workers::{
    subtitle::Subtitle,
    translate::{Engines, engines},
    translator::standalone::{self, StandaloneRequest},
};

const CUES: usize = 1500;
const ROUNDS: usize = 3;
const LINES: [&str; 8] = [
    "We should have gone home\nbefore the storm.",
    "The boats are all in the harbour now,\nand nobody knows where he went.",
    "<i>Do you think he will come back?</i>",
    "- I asked at the inn.\n- And what did they say?",
    "He left early, without a word.",
    "I think that the woman",
    "who came yesterday is tired.",
    "Somebody has to tell the captain.",
];

fn film() -> String {
    let mut text = String::new();
    for at in 0..CUES {
        let clock =
            |second: usize, rest| format!("{:02}:{:02}:{:02},{rest:03}", second / 3600, second / 60 % 60, second % 60);
        let line = LINES[at % LINES.len()];
        let _ = write!(text, "{}\n{} --> {}\n{line}\n\n", at + 1, clock(at * 3, 120), clock(at * 3 + 2, 480));
    }
    text
}

/// The bare command on what is said.
fn bare(said: &str) -> Duration {
    let start = Instant::now();
    let mut command = Command::new("apertium");
    let mut child = command
        .args(["-u", "eng-spa"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("apt-get install apertium apertium-eng-spa");
    let mut stdin = child.stdin.take().expect("piped");
    let said = said.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(said.as_bytes()));
    let output = child.wait_with_output().expect("ends");
    writer.join().expect("no panic").expect("writes");
    assert!(output.status.success() && !output.stdout.is_empty());
    start.elapsed()
}

fn worker(runtime: &tokio::runtime::Runtime, film: &str) -> Duration {
    let spec = serde_json::json!({ "video": { "title": "Harbour" }, "language": "es" });
    let request = StandaloneRequest {
        engines: Engines::default(),
        order: vec![engines::from_name("apertium").expect("an engine")],
        text: film.to_owned(),
        from: "en".to_owned(),
        glossary: None,
        spec: serde_json::from_value(spec).expect("a spec"),
    };
    let start = Instant::now();
    let done = runtime.block_on(standalone::translate(request, |_| {})).expect("translates");
    let elapsed = start.elapsed();
    assert_eq!(done.result.cues as usize, CUES);
    elapsed
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let film = film();
    let subtitle = Subtitle::read(&film).expect("cues");
    let said = |cue: &subtitle_workers::subtitle::Cue| subtitle.format.plain(&cue.text).replace('\n', " ") + "\n\n";
    let said: String = subtitle.cues.iter().map(said).collect();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let best = |time: &dyn Fn() -> Duration| (0..ROUNDS).map(|_| time()).min().unwrap_or_default();
    let (bare, worker) = (best(&|| bare(&said)), best(&|| worker(&runtime, &film)));
    let ratio = worker.as_secs_f64() / bare.as_secs_f64();
    println!("{CUES} cues: apertium alone {bare:.2?}, through the worker {worker:.2?}, ratio {ratio:.2} (goal: 3)");
}
