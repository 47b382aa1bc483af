//! Files are read by a process that has nothing to lose: it answers as this one would, and what it cannot read costs neither
//! the worker's memory nor its life.

use std::{
    fs,
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    process::{Command, Stdio},
    sync::atomic::Ordering,
    time::{Duration, Instant},
};

use subtitle_contract::{job::Video, language::Language};
use subtitle_workers::{
    find::{
        FetchedContent, Finder, ListRequest, Search as _, SourceId, TaskBudget,
        parser::{self, ParseError, Parser},
    },
    subtitle::file::Declared,
};

use super::{
    endless::Endless,
    folder::{ENGLISH, Folder, SPANISH, ass, srt},
    matroska::{Sizes, Track, encoding, film, packed},
};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_subtitle-downloader");

pub(crate) async fn tracks(finder: &Finder) -> Result<Vec<String>, String> {
    let video = Video { library: "films".into(), path: Some("film.mkv".to_owned()), ..Video::default() };
    let languages = [Language::parse("es").expect("a tag")];
    let listed = finder.list(SourceId::Embedded, &ListRequest::new(&video, &languages, &TaskBudget::default())).await;
    let found = listed.map_err(|error| error.explanation())?;
    let mut texts = Vec::new();
    for one in found {
        texts.push(match finder.fetch(&one).await.map_err(|error| error.explanation())? {
            FetchedContent::Track(track) => format!("{} {} {}", one.label, one.language, track.text),
            FetchedContent::Bytes(_) => panic!("a track"),
        });
    }
    Ok(texts)
}

pub(crate) fn in_a_process(folder: &Folder) -> Finder {
    Finder { parser: Parser::by_program(PROGRAM), ..folder.finder() }
}

#[tokio::test]
async fn a_process_reads_what_this_one_reads() {
    let utf16: Vec<u8> =
        "\u{FEFF}".chars().chain(srt(&SPANISH).chars()).flat_map(|c| (c as u16).to_le_bytes()).collect();
    for bytes in
        [srt(&ENGLISH).into_bytes(), utf16, ass(&ENGLISH).into_bytes(), b"<html>quota".to_vec(), b"{1}{5}a".to_vec()]
    {
        let read = async |parser: Parser| {
            parser.text(bytes.clone().into(), &Declared::default()).await.map(|read| format!("{read:?}"))
        };
        assert_eq!(read(Parser::by_program(PROGRAM)).await, read(Parser::default()).await);
    }
    let bytes = film(&[Track::text("spa", "", &SPANISH), Track::text("und", "", &ENGLISH)], Sizes::UnknownClusters);
    let folder = Folder::new(&[("film.mkv", bytes)]);
    let read = tracks(&in_a_process(&folder)).await;
    assert_eq!(read.as_ref().expect("read").len(), 2);
    assert_eq!(read, tracks(&folder.finder()).await);
}

#[test]
fn the_process_that_reads_has_limits_no_rights_and_no_other_system_calls() {
    let mut child = Command::new(PROGRAM)
        .arg0(parser::NAME)
        .arg(r#"{"request":"Tracks","input":"Bytes"}"#)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("starts");
    let proc = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.id())).expect("runs");
    let began = Instant::now();
    while !proc("status").contains("Seccomp:\t2") {
        assert!(began.elapsed() < Duration::from_secs(10), "{}", proc("status"));
        std::thread::yield_now();
    }
    let (status, limits) = (proc("status"), proc("limits"));
    for line in ["NoNewPrivs:\t1", "CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "Threads:\t1"] {
        assert!(status.contains(line), "{line} in {status}");
    }
    for (limit, most) in [("Max address space", "268435456"), ("Max cpu time", "20"), ("Max file size", "0")] {
        let line = limits.lines().find(|line| line.starts_with(limit)).expect(limit);
        assert_eq!(line.split_whitespace().nth_back(1), Some(most), "{line}");
    }
    child.stdin.take().expect("piped").write_all(b"no video").expect("reads");
    assert!(child.wait().expect("ends").success());
}

#[tokio::test]
async fn a_process_that_ends_without_an_answer_is_the_files_failure_and_knows_no_secret() {
    let folder = Folder::new(&[("film.mkv", "none")]);
    let read = async |script: &str| -> ParseError {
        let program = folder.path.join("program");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).expect("written");
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).expect("set");
        loop {
            let read = Parser::by_program(&program).text("text".into(), &Declared::default()).await;
            // While another test starts a process, that process has the script open for a moment.
            match read.expect_err(script) {
                error if error.to_string().contains("Text file busy") => tokio::task::yield_now().await,
                error => return error,
            }
        }
    };
    let environment = folder.path.join("environment");
    let write_environment = format!("cat /proc/self/environ > {}", environment.display());
    for script in [write_environment.as_str(), "kill -9 $$", "exec sleep 0", "echo nonsense, and more of it than that"]
    {
        let error = read(script).await;
        assert!(error.is_over_limits(), "{script}: {error}");
    }
    assert!(std::env::var("PATH").is_ok(), "there is something to know");
    let known = fs::read_to_string(environment).expect("written");
    assert!(!known.contains("PATH="), "{known}");
}

#[tokio::test]
async fn a_film_that_unpacks_to_gigabytes_fails_alone_and_at_once() {
    let line = "words of a film that nobody would take for a bomb, were it not so long\n";
    let block = packed(line.repeat((1 << 20) / line.len()).as_bytes());
    let zlib = Track { more: encoding(0, &[]), blocks: vec![(block, vec![]); 624], ..Track::text("eng", "", &[]) };
    let front = line.repeat(60_000);
    let stripped = Track {
        more: encoding(3, front.as_bytes()),
        blocks: vec![(b"x".to_vec(), vec![]); 600],
        ..Track::text("eng", "", &[])
    };
    for bomb in [zlib, stripped] {
        let folder = Folder::new(&[("film.mkv", film(&[bomb], Sizes::Known))]);
        let began = Instant::now();
        tracks(&in_a_process(&folder)).await.expect_err("too large");
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
}

#[tokio::test]
async fn texts_of_15_mb_that_are_slow_to_read_are_read_in_seconds_or_refused() {
    const SIZE: usize = 15 << 20;
    let srt = |body: String| format!("1\n00:00:01,000 --> 00:00:02,000\n{body}\n");
    let filled = |part: &str| srt(part.repeat(SIZE / part.len()));
    let vtt = |part: &str| format!("WEBVTT\n\n00:01.000 --> 00:02.000\n{}\n", part.repeat(SIZE / part.len()));
    let ass = format!(
        "[Script Info]\n[Events]\nFormat: Start, End, Text\n{}",
        format!("Dialogue: 0:00:01.00,0:00:02.00,{}x\n", "{".repeat(1000)).repeat(15_000)
    );
    let texts = [
        ("lt", filled("<")),
        ("lta", filled("<a ")),
        ("quote", filled("‹")),
        ("i", filled("<i>")),
        ("mix", filled("<i>x<b>x</i>")),
        ("times", "0:0:1-->0:0:0 x\na\n".repeat(SIZE / 18)),
        ("font", filled("<font color=a>")),
        ("double", filled("Ã©")),
        ("arrow", filled("-->")),
        ("amp", vtt("&")),
        ("entities", vtt("<i>&amp;")),
        ("style", format!("WEBVTT\n\n{}00:01.000 --> 00:02.000\nx\n", "STYLE\nx\n\n".repeat(SIZE / 9))),
        ("ass", ass),
    ];
    for (name, text) in texts {
        let began = Instant::now();
        let read = Parser::by_program(PROGRAM).text(text.into(), &Declared::default()).await;
        let took = began.elapsed();
        println!("{name}: {took:?} {:?}", read.map(|read| read.subtitle.cues.len()).map_err(|error| error.to_string()));
        assert!(took < Duration::from_secs(61), "{name}: {took:?}");
    }
}

#[test]
fn a_server_that_claims_a_pebibyte_costs_neither_memory_nor_traffic() {
    let server = Endless::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_subtitles"))
        .args(["find", &format!("http://{}/film.mkv", server.address), "--language", "es", "--source", "embedded"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("starts");
    let (began, mut peak) = (Instant::now(), 0);
    let code = loop {
        let status = fs::read_to_string(format!("/proc/{}/status", command.id())).unwrap_or_default();
        let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = kilobytes.and_then(|number| number.parse().ok()).unwrap_or(0).max(peak);
        if let Some(status) = command.try_wait().expect("waits") {
            break status.code();
        }
        assert!(began.elapsed() < Duration::from_secs(120), "{} bytes", server.sent.load(Ordering::Relaxed));
        std::thread::sleep(Duration::from_millis(2));
    };
    let sent = server.sent.load(Ordering::Relaxed) >> 20;
    println!("{peak} kB at the peak, {sent} MiB sent, {:?}", began.elapsed());
    assert!(matches!(code, Some(3 | 4)), "{code:?}");
    assert!(sent <= 65, "{sent} MiB");
    assert!(peak > 0 && peak < 100_000, "{peak} kB");
}
