//! `subtitles serve` over real sockets: what it gives, in which parts and as what, and what it does not give.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

const SUBTITLE: &str = "1\n00:00:01,000 --> 00:00:02,000\nEl barco sale al mediodía.\n";

/// The command, serving a folder of its own beside which something secret lies.
struct Served {
    process: Child,
    address: String,
    above: PathBuf,
}

impl Served {
    fn new(name: &str) -> Self {
        let above = std::env::temp_dir().join(format!("subtitles-serve-{name}-{}", std::process::id()));
        let folder = above.join("films");
        fs::create_dir_all(folder.join("in here")).expect("a folder");
        for (file, bytes) in [
            ("film.mkv", "0123456789".as_bytes()),
            ("in here/film.es.srt", SUBTITLE.as_bytes()),
            ("film.vtt", b"WEBVTT\n"),
            ("film.ass", b"[Script Info]\n"),
            ("old.he.srt", b"\xf9\xec\xe5\xed"),
            (".unfinished", b"secret"),
            ("../secret.txt", b"secret"),
        ] {
            fs::write(folder.join(file), bytes).expect("written");
        }
        symlink("film.mkv", folder.join("within.mkv")).expect("a link");
        symlink("../secret.txt", folder.join("outside.srt")).expect("a link");
        symlink("..", folder.join("above")).expect("a link");
        let mut command = Command::new(env!("CARGO_BIN_EXE_subtitles"));
        command.arg("serve").arg(&folder).args(["--listen", "127.0.0.1:0"]);
        let mut process = command.stdout(Stdio::piped()).spawn().expect("starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("says where");
        let address = line.rsplit("http://").next().expect("an address").trim_end().trim_end_matches('/').to_owned();
        Self { process, address, above }
    }

    /// The status line and headers in lower case, and the body; the path as it is, which clients would tidy up.
    fn ask(&self, method: &str, path: &str, header: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.address).expect("connects");
        write!(stream, "{method} {path} HTTP/1.1\r\nHost: films\r\nConnection: close\r\n{header}\r\n").expect("asks");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("answers");
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        (head.to_lowercase(), body.to_owned())
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.above);
    }
}

#[test]
fn files_are_served_whole_in_parts_and_as_what_they_are() {
    let served = Served::new("files");
    let (head, body) = served.ask("GET", "/film.mkv", "");
    assert!(
        head.starts_with("http/1.1 200") && head.contains("accept-ranges: bytes") && body == "0123456789",
        "{head}"
    );
    assert!(head.contains("etag: \"") && head.contains("content-type: video/x-matroska"), "{head}");
    let (head, body) = served.ask("GET", "/within.mkv", "Range: bytes=2-4\r\n");
    assert!(
        head.starts_with("http/1.1 206") && head.contains("content-range: bytes 2-4/10") && body == "234",
        "{head}"
    );
    let (head, _) = served.ask("GET", "/film.mkv", "Range: bytes=20-\r\n");
    assert!(head.starts_with("http/1.1 416"), "{head}");
    let (head, body) = served.ask("HEAD", "/film.mkv", "");
    assert!(head.starts_with("http/1.1 200") && head.contains("content-length: 10") && body.is_empty(), "{head}");
    for (path, kind) in [
        ("/in%20here/film.es.srt", "content-type: application/x-subrip; charset=utf-8"),
        ("/film.vtt", "content-type: text/vtt; charset=utf-8"),
        ("/film.ass", "content-type: text/x-ssa; charset=utf-8"),
        // In windows-1255, which nothing in the file says.
        ("/old.he.srt", "content-type: application/x-subrip\r"),
    ] {
        let (head, _) = served.ask("GET", path, "");
        assert!(head.starts_with("http/1.1 200") && format!("{head}\r").contains(kind), "{path}: {head}");
    }
}

#[test]
fn nothing_is_served_from_outside_the_folder_hidden_listed_or_written() {
    let served = Served::new("outside");
    for path in [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/in%20here/../../secret.txt",
        "/..%2fsecret.txt",
        "/outside.srt",
        "/above/secret.txt",
        "//etc/passwd",
        "/%2fetc/passwd",
        "/.unfinished",
        "/film.mkv%00.srt",
        "/%ff",
        "/",
        "/in%20here",
        "/missing.mkv",
    ] {
        let (head, body) = served.ask("GET", path, "");
        assert!(head.starts_with("http/1.1 404") && body.is_empty(), "{path}: {head} {body}");
    }
    for method in ["POST", "PUT", "DELETE"] {
        let (head, _) = served.ask(method, "/film.mkv", "FetchedContent-Length: 0\r\n");
        assert!(head.starts_with("http/1.1 405"), "{method}: {head}");
    }
}

#[test]
fn sigterm_ends_it_after_what_is_being_given_and_without_waiting_for_who_never_takes_it() {
    let mut served = Served::new("sigterm");
    // Larger than what sockets buffer, so that the answer is never given whole.
    fs::File::create(served.above.join("films/long.mkv")).and_then(|file| file.set_len(1 << 28)).expect("a large file");
    let mut slow = TcpStream::connect(&served.address).expect("connects");
    write!(slow, "GET /long.mkv HTTP/1.1\r\nHost: films\r\n\r\n").expect("asks");
    slow.read_exact(&mut [0; 16]).expect("the answer begins");
    let begun = Instant::now();
    let status = Command::new("kill").arg(served.process.id().to_string()).status().expect("kill runs");
    assert!(status.success());
    let ended = served.process.wait().expect("ends");
    assert!(ended.success() && begun.elapsed() < Duration::from_secs(30), "{ended} after {:?}", begun.elapsed());
}

#[test]
fn find_reads_a_film_that_is_served() {
    let served = Served::new("film");
    let film = Path::new(env!("CARGO_MANIFEST_DIR")).join("../manifests/dev/films/harbour.mkv");
    fs::copy(film, served.above.join("films/harbour.mkv")).expect("the sample film");
    let mut find = Command::new(env!("CARGO_BIN_EXE_subtitles"));
    find.args(["find", &format!("http://{}/harbour.mkv", served.address), "--language", "en"]);
    let said = find.output().expect("runs");
    let text = String::from_utf8_lossy(&said.stdout);
    assert!(
        said.status.success() && text.contains("embedded: track"),
        "{text}{}",
        String::from_utf8_lossy(&said.stderr)
    );
}

#[test]
fn what_cannot_be_served_is_said() {
    let run = |arguments: &[&str]| {
        let said = Command::new(env!("CARGO_BIN_EXE_subtitles")).arg("serve").args(arguments).output().expect("runs");
        (said.status.code(), String::from_utf8_lossy(&said.stderr).into_owned())
    };
    let (code, said) = run(&["/nowhere"]);
    assert!(code == Some(1) && said.contains("'/nowhere' cannot be served"), "{said}");
    let (code, said) = run(&["/", "--listen", "nonsense"]);
    assert!(code == Some(1) && said.contains("--listen"), "{said}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let (code, said) = run(&["/", "--listen", &taken.local_addr().expect("an address").to_string()]);
    assert!(code == Some(1) && said.contains("nothing can listen at"), "{said}");
}
