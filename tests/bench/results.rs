//! Formats the figures: for the terminal while they are measured, and for `RESULTS.md`. Does I/O.

use std::{
    fmt::Write as _,
    fs::{self, File},
    io::{Seek as _, Write as _},
    time::Instant,
};

use anyhow::{Context as _, Result};
use subtitle_tests::root;

use crate::{
    ROUNDS,
    environment::Environment,
    measurements::{
        broker::{EVENTS, Rates},
        jobs::{Finished, JOBS},
        loops::Loops,
    },
    processors, spread,
    statistics::{Latency, Spread, as_f64, median},
};

const FILE: &str = "tests/bench/RESULTS.md";
/// Where the figures of other benches begin, which stay as they are.
const OTHERS: &str = "\n## Scans of a library\n";

#[derive(Default)]
pub(crate) struct Results {
    machine: String,
    pub(crate) patches: Vec<f64>,
    pub(crate) jobs: Vec<Finished>,
    pub(crate) broker: Vec<Rates>,
    pub(crate) redis: Vec<Rates>,
    pub(crate) everysec: Vec<Loops>,
    pub(crate) always: Vec<Loops>,
    pub(crate) event_to_status: Option<Latency>,
    pub(crate) event_to_history: Option<Latency>,
}

fn read(file: &str) -> String {
    fs::read_to_string(file).unwrap_or_default()
}

fn load() -> String {
    read("/proc/loadavg").split(' ').take(3).collect::<Vec<_>>().join(" ")
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, std::num::NonZero::get)
}

/// The latency of writing and syncing 4 KiB to the disk, in milliseconds: the median and the 99th percentile.
fn disk() -> Result<(f64, f64)> {
    let folder = subtitle_tests::temporary_folder("bench-disk")?;
    let mut file = File::create(folder.join("file"))?;
    let mut took = Vec::new();
    for _ in 0..200 {
        let begun = Instant::now();
        file.rewind()?;
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        took.push(begun.elapsed());
    }
    let _ = fs::remove_dir_all(folder);
    let latency = Latency::new(took, 0.0);
    Ok((latency.within(0.5), latency.within(0.99)))
}

impl Results {
    pub(crate) fn begin(environment: &Environment) -> Result<Self> {
        let cores = cores();
        let info = read("/proc/cpuinfo");
        let model =
            info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": ")).map_or("", |it| it.1);
        let (half, most) = disk()?;
        let redis = Environment::version("redis-server", &["--version"]);
        let redis = redis.split(' ').find_map(|word| word.strip_prefix("v=")).unwrap_or("?").to_owned();
        let broker = environment.stack.broker.rabbitmqctl(&["version"]).unwrap_or_default();
        let kubernetes = kubernetes(environment)?;
        let machine = format!(
            "{cores} cores ({}), load {} at the start; fdatasync of 4 KiB {half:.2} ms (p50), {most:.2} ms (p99). \
             RabbitMQ {}, Redis {redis}, Kubernetes {kubernetes} with etcd (without fsync), {}.",
            model.trim(),
            load(),
            broker.trim(),
            Environment::version("rustc", &["--version"]),
        );
        println!("{machine}");
        Ok(Self { machine, ..Self::default() })
    }

    pub(crate) fn last_of_jobs(&self) -> String {
        format!("D3 {:.0}/s; {:.1?}", self.patches.last().unwrap_or(&f64::NAN), self.jobs.last())
    }

    pub(crate) fn last_of_loops(&self) -> String {
        let bare = format!("D1 {:.0?}; D2 {:.0?}", self.broker.last(), self.redis.last());
        format!("{bare}; everysec {:.1?}; always {:.1?}", self.everysec.last(), self.always.last())
    }

    /// Writes `RESULTS.md`.
    pub(crate) fn write(&self, environment: &mut Environment) -> Result<()> {
        let text = self.text(environment);
        println!("\n{text}");
        let before = read(&root().join(FILE).to_string_lossy());
        let others = before.find(OTHERS).map_or("", |at| &before[at..]);
        fs::write(root().join(FILE), text + others).context("failed to write the results")
    }

    fn text(&self, environment: &Environment) -> String {
        let mut text = format!(
            "# What the pipeline does in a second\n\nWritten by `cargo dev bench pipeline`. Each figure is the median of \
             {ROUNDS} rounds, interleaved with what it is compared with, and in brackets the least and the most.\n\n\
             {}\nLoad {} at the end.\n\n## Events\n\nOne flood: {EVENTS} events of {} jobs, 192 outstanding confirms, \
             into the consumer queue and the history stream; each says what the status says already, so that nothing is \
             written to Kubernetes. D1: a bare client takes and acknowledges (prefetch 200). D2: the same scripts, in \
             the same pipelines, on the same Redis.\n\n\
             | | D1 broker | D2 Redis | through the operator | of the lesser | goal |\n|---|---|---|---|---|---|\n",
            self.machine,
            load(),
            crate::JOBS_IN_LOOPS,
        );
        for (name, bare, ours) in [
            (
                "consumer loop, events/s",
                part(|rates: &Rates| rates.consumer),
                part(|loops: &Loops| loops.consumer_events_per_second),
            ),
            (
                "history loop, events/s",
                part(|rates: &Rates| rates.history),
                part(|loops: &Loops| loops.history_events_per_second),
            ),
        ] {
            let (broker, redis) = (spread(self.broker.iter().map(&bare)), spread(self.redis.iter().map(&bare)));
            let through = spread(self.everysec.iter().map(ours));
            let ratio = through.median / broker.median.min(redis.median);
            let _ = writeln!(text, "| {name} | {broker} | {redis} | {through} | {ratio:.2} | 0.6 |");
        }
        let always = spread(self.always.iter().map(|loops| loops.history_events_per_second));
        let of_everysec = always.median / median(self.everysec.iter().map(|loops| loops.history_events_per_second));
        let _ = writeln!(
            text,
            "| history loop, `appendfsync always` | | | {always} | {of_everysec:.2} of everysec | 0.75 |"
        );
        let reads = spread(self.everysec.iter().map(|loops| loops.redis_reads_per_event));
        let writes: f64 = self.everysec.iter().map(|loops| loops.status_writes).sum();
        let _ = writeln!(
            text,
            "\nRound trips to Redis an event: {reads} (`total_reads_processed`). To the broker: none is waited for; an \
             acknowledgement in each loop has no answer. Status writes in all floods: {writes}.\n"
        );
        self.jobs_text(&mut text);
        self.latency_text(&mut text);
        let memory = spread(self.everysec.iter().map(|loops| loops.memory_mib));
        let jobs = spread(self.jobs.iter().map(|jobs| jobs.memory));
        let _ = writeln!(
            text,
            "## Memory\n\nThe operator's most (VmHWM), in MiB: {memory} after a flood, {jobs} after {JOBS} jobs, {:.0} \
             after the open loop.",
            environment.memory()
        );
        text
    }

    fn jobs_text(&self, text: &mut String) {
        let bare = spread(self.patches.iter().copied());
        let rate = spread(self.jobs.iter().map(|jobs| jobs.per_second));
        let of = |value: fn(&Finished) -> f64| -> Spread { spread(self.jobs.iter().map(value)) };
        let writes = of(|jobs| jobs.writes_per_job);
        let ratio = rate.median / (bare.median / writes.median);
        let events = of(|jobs| jobs.events_per_job);
        let _ = writeln!(
            text,
            "## Jobs\n\n{JOBS} jobs with simulated sources and engines, half of them translated, all there before the \
             operator starts. D3: the statuses that such a round wrote, as bare merge patches of as many new objects, 32 \
             at once.\n\n\
             | | figure | goal |\n|---|---|---|\n\
             | D3, status writes/s | {bare} | |\n\
             | finished jobs/s | {rate} | {:.0} (0.7 × D3 ÷ writes a job) |\n\
             | of D3 ÷ writes a job | {ratio:.2} | 0.7 |\n\
             | status writes a job | {writes} | 3 |\n\
             | conflicts a job | {} | |\n\
             | events a job | {events} | |\n\
             | published by the operator a job (each one round trip to the broker) | {} | |\n\
             | round trips to Redis an event | {} | |\n",
            0.7 * bare.median / writes.median,
            of(|jobs| jobs.conflicts_per_job),
            of(|jobs| jobs.published_by_operator),
            of(|jobs| jobs.redis_reads_per_event),
        );
        let bare_write = 1000.0 * as_f64(cores()) / bare.median;
        let _ = writeln!(
            text,
            "For whom the {} processors worked meanwhile, in milliseconds a job; in D3 they have {bare_write:.1} ms for a \
             write.\n\n| | ms a job |\n|---|---|",
            cores()
        );
        let worked = |at: usize| spread(self.jobs.iter().map(|jobs| jobs.processors[at]));
        for (at, name) in processors::names().enumerate() {
            let _ = writeln!(text, "| {name} | {} |", worked(at));
        }
        let all: f64 = (0..processors::names().count()).map(|at| worked(at).median).sum();
        let share = (worked(0).median + worked(1).median) / all;
        let _ = writeln!(
            text,
            "\nIn D3 the API server and etcd have the processors almost to themselves, here {share:.2} of them: as much of \
             D3 can be reached where all share one machine.\n"
        );
    }

    fn latency_text(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "## Latency\n\nAn open loop at half of what was reached above; each event from the moment it was to be \
             published.\n\n| | events/s | events | p50 | p99 | goal |\n|---|---|---|---|---|---|"
        );
        let rows = [
            ("publish to Redis", &self.event_to_history, "10 and 50 ms"),
            ("event to status, as a watch shows it", &self.event_to_status, ""),
        ];
        for (name, latency, goal) in rows {
            let Some(latency) = latency else { continue };
            let (half, most) = (latency.within(0.5), latency.within(0.99));
            let (rate, count) = (latency.rate, as_f64(latency.count()));
            let _ = writeln!(text, "| {name} | {rate:.0} | {count} | {half:.1} ms | {most:.1} ms | {goal} |");
        }
        text.push('\n');
    }
}

/// Names the type of a function that selects a field.
fn part<T>(part: fn(&T) -> f64) -> fn(&T) -> f64 {
    part
}

fn kubernetes(environment: &Environment) -> Result<String> {
    let text = subtitle_tests::process::output(environment.stack.cluster.kubectl().args(["version", "-o", "json"]))?;
    let version: serde_json::Value = serde_json::from_str(&text)?;
    Ok(version["serverVersion"]["gitVersion"].as_str().unwrap_or("?").to_owned())
}
