//! pysubs2, the library of Python: a process reads and writes a text so many times and says how long that took, its own
//! start not counted. It comes from PyPI into the cache; where that or Python is not to be had, the others run alone.

use std::{
    io::Write as _,
    path::PathBuf,
    process::{Command, Stdio},
    time::Duration,
};

use criterion::{BenchmarkGroup, measurement::WallTime};
use subtitle_tests::tools;

const ROUNDS: &str = "\
import sys, time
from pysubs2 import SSAFile
text, kind, rounds = sys.stdin.buffer.read().decode(), sys.argv[1], int(sys.argv[2])
begun = time.perf_counter()
for _ in range(rounds):
    written = SSAFile.from_string(text, format_=kind).to_string(kind)
seconds = time.perf_counter() - begun
assert len(SSAFile.from_string(written, format_=kind)) == 2000
print(seconds)
";

/// Where the library is; none, and a sentence, where it cannot be had.
pub(crate) fn find() -> Option<PathBuf> {
    let found = tools::pysubs2(&|progress| eprintln!("{progress}"));
    found.inspect_err(|error| println!("pysubs2 is left out: {error:#}")).ok()
}

/// What `rounds` of reading and writing take.
fn time(library: &PathBuf, kind: &str, text: &str, rounds: u64) -> Duration {
    let mut python = Command::new("python3");
    python.args(["-c", ROUNDS, kind, &rounds.to_string()]).env("PYTHONPATH", library);
    let mut child = python.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("python3 starts");
    child.stdin.take().expect("piped").write_all(text.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "pysubs2 reads and writes its 2,000 cues");
    let seconds = String::from_utf8_lossy(&output.stdout);
    Duration::from_secs_f64(seconds.trim().parse().expect("seconds"))
}

/// Adds it to a format's group, where it is there.
pub(crate) fn bench(group: &mut BenchmarkGroup<'_, WallTime>, library: Option<&PathBuf>, kind: &str, text: &str) {
    let Some(library) = library else { return };
    group.sample_size(10);
    group.bench_function("pysubs2", |bencher| bencher.iter_custom(|rounds| time(library, kind, text, rounds)));
}
