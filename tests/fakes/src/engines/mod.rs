//! Fake translation services that follow their documentation, over real sockets: they check headers and limits, record requests,
//! and fail on demand. They translate a few fixed English sentences into Spanish. Does I/O.

pub mod apy;
pub mod deepl;
pub mod libretranslate;
pub mod openai;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    http::{Response, StatusCode},
};
use serde_json::Value;

/// The fault of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// No fault: a correct response.
    None,
    /// This HTTP status with this body.
    Status(u16, &'static str),
    /// 429 with `Retry-After` in seconds.
    RateLimited(u32),
    /// One translation is missing.
    Drop,
    /// Two translations are joined into one; an empty one takes the second place.
    Merge,
    /// Two translations are swapped.
    Swap,
    /// One translation is repeated in the place of the next.
    Duplicate,
    /// The source is returned untranslated.
    Echo,
    /// One translation is empty.
    Empty,
    /// The second half is missing.
    Truncate,
    /// The response is wrapped in a Markdown code fence.
    Fence,
    /// The translation is in another language than the requested one.
    WrongLanguage,
    /// Placeholders of names are lost.
    LosePlaceholders,
    /// Models only: names are not translated as the glossary says.
    IgnoreGlossary,
    /// Models only: a `<think>` block precedes the answer, and ids are strings.
    ThinkBlock,
    /// Models only: the response is cut off by the length limit.
    CutByLengthLimit,
}

/// A service that runs until its test's Tokio runtime is dropped, and the requests it has received.
#[derive(Clone, Default)]
pub struct Fake {
    /// The base URL.
    pub url: String,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Default)]
struct Inner {
    texts: Vec<Vec<String>>,
    bodies: Vec<Value>,
    faults: VecDeque<Fault>,
    always: Option<Fault>,
    /// The remaining characters, if the service has a quota.
    left: Option<usize>,
}

impl Fake {
    /// Serves the router that `routes` builds on a free port.
    async fn serve(routes: impl FnOnce(Self) -> Router) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let fake = Self { url, ..Self::default() };
        let service = routes(fake.clone());
        tokio::spawn(async move { axum::serve(listener, service).await });
        fake
    }

    fn with_lock<T>(&self, act: impl FnOnce(&mut Inner) -> T) -> T {
        act(&mut self.inner.lock().expect("not poisoned"))
    }

    /// Queues faults: each affects one of the next responses.
    pub fn queue_faults(&self, faults: impl IntoIterator<Item = Fault>) {
        self.with_lock(|inner| inner.faults.extend(faults));
    }

    /// Sets the fault of every response for which none is queued.
    pub fn set_default_fault(&self, fault: Fault) {
        self.with_lock(|inner| inner.always = Some(fault));
    }

    /// Sets the remaining quota, in characters.
    pub fn set_quota(&self, characters: usize) {
        self.with_lock(|inner| inner.left = Some(characters));
    }

    /// The texts of every call, in order.
    pub fn texts(&self) -> Vec<Vec<String>> {
        self.with_lock(|inner| inner.texts.clone())
    }

    /// The number of calls.
    pub fn calls(&self) -> usize {
        self.texts().len()
    }

    /// The JSON body of every call, in order.
    pub fn bodies(&self) -> Vec<Value> {
        self.with_lock(|inner| inner.bodies.clone())
    }

    /// Records a call and returns its fault, if one is due.
    fn record_call_and_next_fault(&self, texts: &[String], body: Value) -> Option<Fault> {
        self.with_lock(|inner| {
            inner.texts.push(texts.to_vec());
            inner.bodies.push(body);
            inner.faults.pop_front().or(inner.always)
        })
    }

    /// Spends characters of the quota; false if too few are left.
    fn spend(&self, texts: &[String]) -> bool {
        let characters: usize = texts.iter().map(|text| text.chars().count()).sum();
        self.with_lock(|inner| match &mut inner.left {
            None => true,
            Some(left) if *left >= characters => {
                *left -= characters;
                true
            }
            Some(_) => false,
        })
    }
}

fn answer(status: u16, body: impl Into<Body>) -> Response<Body> {
    let response = Response::builder().status(StatusCode::from_u16(status).expect("a status"));
    response.header("content-type", "application/json").body(body.into()).expect("a response")
}

fn json_response(body: &Value) -> Response<Body> {
    answer(200, body.to_string())
}

/// The response of a fault that does not depend on the texts.
fn error_response(fault: Option<Fault>) -> Option<Response<Body>> {
    match fault? {
        Fault::Status(status, words) => Some(answer(status, words)),
        Fault::RateLimited(seconds) => {
            let mut response = answer(429, "{\"error\": \"Slowdown: 20 per 1 minute\"}");
            response.headers_mut().insert("retry-after", seconds.to_string().parse().expect("a number"));
            Some(response)
        }
        _ => None,
    }
}

/// The Spanish translations, corrupted as the fault says.
fn translated(texts: &[String], fault: Option<Fault>) -> Vec<String> {
    let mut answers: Vec<String> = texts.iter().map(|text| spanish(text)).collect();
    let middle = answers.len() / 2;
    match fault {
        Some(Fault::Drop) => {
            answers.remove(middle);
        }
        Some(Fault::Merge) if answers.len() > 1 => {
            let second = answers.remove(1);
            answers[0] = format!("{} {second}", answers[0]);
            answers.push(String::new());
        }
        Some(Fault::Swap) if answers.len() > 1 => answers.swap(0, middle.max(1)),
        Some(Fault::Duplicate) if answers.len() > 1 => {
            let twice = answers[middle - 1].clone();
            answers[middle] = twice;
        }
        Some(Fault::Echo) => answers = texts.to_vec(),
        Some(Fault::Empty) => answers[middle] = String::new(),
        Some(Fault::Truncate) => answers.truncate(middle),
        Some(Fault::Fence) => answers[0] = format!("```json {}", answers[0]),
        Some(Fault::LosePlaceholders) => {
            let eaten = |text: &String| text.replace("<g0/>", "").replace("  ", " ").trim().to_owned();
            answers = answers.iter().map(eaten).collect();
        }
        Some(Fault::WrongLanguage) => answers = texts.iter().map(|text| german(text)).collect(),
        _ => {}
    }
    answers
}

/// The sentences that the fakes can translate: English and Spanish.
pub const SENTENCES: [(&str, &str); 6] = [
    ("The harbour is quiet tonight, number", "El puerto está tranquilo esta noche, número"),
    ("Nobody knows where the captain went, number", "Nadie sabe adónde se fue el capitán, número"),
    ("We should have gone home earlier, number", "Tendríamos que habernos ido antes a casa, número"),
    ("Did you see the lights out there, number", "¿Viste las luces ahí fuera, número"),
    ("She told me that the boat is lost, number", "Ella me dijo que el barco está perdido, número"),
    ("Go <i>home</i> and lock the door, number", "Vete a <i>casa</i> y cierra la puerta, número"),
];

/// A sentence about a person of any name.
const SOMEBODY: (&str, &str) = ("is here tonight, number", "está aquí esta noche, número");

fn spanish(text: &str) -> String {
    let translate = |text: String, (english, spanish): &(&str, &str)| text.replace(english, spanish);
    // DeepL receives tags as numbered elements.
    let masked = text.replace("<x id=\"0\"/>", "<i>").replace("<x id=\"1\"/>", "</i>");
    let spoken = SENTENCES.iter().chain(&[SOMEBODY]).fold(masked.clone(), translate);
    if masked == text { spoken } else { spoken.replace("<i>", "<x id=\"0\"/>").replace("</i>", "<x id=\"1\"/>") }
}

fn german(text: &str) -> String {
    let number: String = text.chars().filter(char::is_ascii_digit).collect();
    let tags = if text.contains("<i>") { "<i>heute</i>" } else { "heute" };
    format!("Wir hätten {tags} schon viel früher nach Hause gehen sollen, Nummer {number}")
}

/// An English SRT file of `cues` cues.
pub fn srt_file(cues: usize) -> String {
    use std::fmt::Write as _;
    let mut file = String::new();
    for at in 0..cues {
        let (minutes, seconds) = (at / 20, at % 20 * 3);
        let times = format!("00:{minutes:02}:{seconds:02},000 --> 00:{minutes:02}:{seconds:02},900");
        let sentence = SENTENCES[at % SENTENCES.len()].0;
        let _ = write!(file, "{}\n{times}\n{sentence} {}\n\n", at + 1, at + 100);
    }
    file
}

/// An SRT file of these lines, a cue each.
pub fn film(lines: &[impl AsRef<str>]) -> String {
    use std::fmt::Write as _;
    let mut file = String::new();
    for (at, line) in lines.iter().enumerate() {
        let time = |second: usize| format!("{:02}:{:02}:{:02},000", second / 3600, second / 60 % 60, second % 60);
        let _ = write!(file, "{}\n{} --> {}\n{}\n\n", at + 1, time(at * 4), time(at * 4 + 3), line.as_ref());
    }
    file
}

/// The times and the text of each cue of an SRT file.
fn cues(file: &str) -> Vec<(String, String)> {
    let file = file.trim_start_matches('\u{feff}').replace('\r', "");
    let cue = |block: &str| {
        let (_, rest) = block.trim().split_once('\n').expect("a cue's number");
        let (times, text) = rest.split_once('\n').expect("a cue's times");
        (times.trim().to_owned(), text.replace('\n', " "))
    };
    file.split("\n\n").filter(|block| !block.trim().is_empty()).map(cue).collect()
}

/// Compares a shipped SRT file with its source: every cue at its position, with its times and its own translation.
pub fn assert_exact(source: &str, shipped: &str) {
    let (before, after) = (cues(source), cues(shipped));
    assert_eq!(before.len(), after.len(), "{shipped}");
    for (at, ((times, text), (shipped_times, translation))) in before.iter().zip(&after).enumerate() {
        assert_eq!(times, shipped_times, "cue {}", at + 1);
        let (english, spanish) = SENTENCES[at % SENTENCES.len()];
        assert_eq!(translation, &text.replace(english, spanish), "cue {}", at + 1);
    }
}
