//! What a scan of a large library costs: 50,000 videos with a sidecar each, read in confined processes as in production. First
//! nothing is known, then everything. Seconds, peak memory of the worker, and bytes published and kept, beside the goals.
//! `cargo bench -p subtitle-workers --bench scan`.

use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::Write as _,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use jiff::Timestamp;
use subtitle_broker::{BrokerError, PublishWriter};
use subtitle_clock::SystemRuntime;
use subtitle_contract::{
    event::{Event, source},
    payload::Subject,
    policy::scan::{PolicyRef, ScanFinished, ScanRequested, ScanSelection},
    reason::Reason,
};
use subtitle_fakes::matroska::element;
use subtitle_tests::temporary_folder;
use subtitle_workers::{
    find::{Libraries, parser::Parser},
    metrics::WorkerMetrics,
    program,
    scanner::Scanner,
    store::Store,
    task::{DeliveredTask, TaskContext, WorkerIdentity, handle},
};
use uuid::Uuid;

const SERIES: usize = 500;
const SEASONS: usize = 10;
const EPISODES: usize = 10;
/// Of a video, most of which is a hole.
const SIZE: u64 = 700 << 20;

/// Counts what is published.
#[derive(Default)]
struct Counting {
    events: AtomicU64,
    bytes: AtomicU64,
    videos: AtomicU64,
}

impl PublishWriter for Counting {
    async fn publish(&self, event: &Event) -> Result<(), BrokerError> {
        let json = serde_json::to_vec(event).expect("JSON");
        self.events.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(json.len() as u64, Ordering::Relaxed);
        if let Ok(ScanFinished { videos, is_complete: true, .. }) = event.read() {
            self.videos.store(videos.into(), Ordering::Relaxed);
        }
        Ok(())
    }

    async fn dead_letter(&self, _: &str, _: &[u8], _: Reason, message: &str) -> Result<(), BrokerError> {
        panic!("{message}")
    }
}

/// The head of a video with two tracks.
fn head(number: usize) -> Vec<u8> {
    let header = element(&[0x1A, 0x45, 0xDF, 0xA3], &element(&[0x42, 0x82], b"matroska"));
    let info = element(&[0x15, 0x49, 0xA9, 0x66], &element(&[0x44, 0x89], &1_500_000_f64.to_be_bytes()));
    let entry = |track: u8, codec: &str| {
        let fields = [
            element(&[0xD7], &[track]),
            element(&[0x83], &[17]),
            element(&[0x86], codec.as_bytes()),
            element(&[0x22, 0xB5, 0x9C], b"eng"),
            element(&[0x53, 0x6E], format!("Episode {number}").as_bytes()),
        ];
        element(&[0xAE], &fields.concat())
    };
    let tracks = element(&[0x16, 0x54, 0xAE, 0x6B], &[entry(1, "S_TEXT/UTF8"), entry(2, "S_HDMV/PGS")].concat());
    let segment = [info, tracks].concat();
    let length = SIZE - header.len() as u64 - 12;
    [header, vec![0x18, 0x53, 0x80, 0x67], (length | 1 << 56).to_be_bytes().to_vec(), segment].concat()
}

fn generate(library: &Path) {
    let old = SystemTime::now() - Duration::from_secs(24 * 3600);
    for number in 0..SERIES * SEASONS * EPISODES {
        let (series, season) = (number / (SEASONS * EPISODES), number / EPISODES % SEASONS + 1);
        let folder = library.join(format!("series/The Harbour {series:03}/Season {season:02}"));
        fs::create_dir_all(&folder).expect("a folder");
        let stem = format!("The Harbour {series:03} - S{season:02}E{:02} - Low tide", number % EPISODES + 1);
        let mut video = File::create(folder.join(format!("{stem}.mkv"))).expect("a file");
        video.write_all(&head(number)).expect("written");
        video.set_len(SIZE).expect("sparse");
        video.set_modified(old).expect("a time");
        let mut sidecar = File::create(folder.join(format!("{stem}.en.srt"))).expect("a file");
        let text = format!("1\n00:00:01,000 --> 00:00:02,000\nThe harbour is quiet tonight, number {number}.\n");
        sidecar.write_all(text.as_bytes()).expect("written");
        sidecar.set_modified(old).expect("a time");
    }
}

/// The most memory since it was last asked for, in MiB, and processor seconds of this process and of its children.
fn used() -> (u64, f64) {
    let status = fs::read_to_string("/proc/self/status").expect("Linux");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse().ok());
    let _ = fs::write("/proc/self/clear_refs", "5");
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields).split_whitespace();
    let ticks: f64 = fields.skip(11).take(4).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    (peak.unwrap_or(0_u64) / 1024, ticks / 100.0)
}

fn kept(folder: &Path) -> (usize, u64) {
    let entries = fs::read_dir(folder.join("n/scans/default")).map(|entries| entries.flatten().collect::<Vec<_>>());
    let sizes: Vec<u64> =
        entries.unwrap_or_default().iter().filter_map(|entry| Some(entry.metadata().ok()?.len())).collect();
    (sizes.len(), sizes.iter().sum())
}

fn mebibytes(bytes: u64) -> f64 {
    f64::from(u32::try_from(bytes / 1024).expect("less than 4 TiB")) / 1024.0
}

async fn scan(scanner: &Scanner, name: &str, store: &Path) {
    let policy = PolicyRef { namespace: "n".into(), name: "everything".into(), uid: "uid".into(), generation: 1 };
    let subject = Subject::for_policy(&policy);
    let (select, library) = (ScanSelection::default(), "default".to_owned());
    let request = ScanRequested { scan_id: Uuid::now_v7(), policy, library, select, paths: Vec::new() };
    let task = Event::new(&subject, source::MANAGER, Timestamp::now(), &request);
    let body = serde_json::to_vec(&task).expect("JSON");
    let outbox = Arc::<Counting>::default();
    let identity = WorkerIdentity { name: "bench".into(), incarnation: "bench".into() };
    let metrics = scanner.metrics.clone();
    let context = TaskContext::new(outbox.clone(), scanner.store.clone(), SystemRuntime::default(), identity, metrics);
    let (_, processor) = used();
    let begun = Instant::now();
    let delivered = DeliveredTask { routing_key: "subtitle.scan.requested", body: &body, delivery_count: 0 };
    handle(scanner, &context, delivered).await.expect("a publisher that takes everything");
    let seconds = begun.elapsed().as_secs_f64();
    let (peak, after) = used();
    let [events, bytes, videos] =
        [&outbox.events, &outbox.bytes, &outbox.videos].map(|number| number.load(Ordering::Relaxed));
    let (objects, stored) = kept(store);
    println!(
        "| {name} | {videos} | {seconds:.1} | {:.1} | {peak} | {events} | {:.1} | {objects} | {:.1} |",
        after - processor,
        mebibytes(bytes),
        mebibytes(stored)
    );
}

fn main() -> anyhow::Result<()> {
    if let Some(program) = program::from_name() {
        return program();
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = temporary_folder("bench-scan")?;
    let begun = Instant::now();
    generate(&folder.join("library"));
    let store = folder.join("store");
    println!("made {} videos in {:.0?}", SERIES * SEASONS * EPISODES, begun.elapsed());
    let scanner = Scanner {
        store: Store::open(&url::Url::from_directory_path(&store).expect("absolute"))?,
        libraries: Libraries::new(
            BTreeMap::from([("default".to_owned(), folder.join("library"))]),
            None,
            reqwest::Client::new(),
        ),
        parser: Parser::in_processes(4),
        continue_after: Duration::from_secs(3600),
        metrics: WorkerMetrics::new("bench").1,
    };
    println!(
        "| scan | videos | seconds | processor seconds | memory, MiB | events | MiB published | objects | MiB kept |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let runtime = tokio::runtime::Runtime::new()?;
    for name in ["cold", "warm", "warm again"] {
        runtime.block_on(scan(&scanner, name, &store));
    }
    println!("Goals of a warm scan: 60 s and 64 MiB.");
    fs::remove_dir_all(&folder)?;
    Ok(())
}
