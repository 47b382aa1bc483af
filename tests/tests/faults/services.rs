//! The external services over HTTP: a library of subtitles and a LibreTranslate server, which record every call, and when. Does
//! I/O.
//!
//! The number of a video decides what exists: Spanish for most, English for every third, nothing for every tenth.

use std::{
    collections::HashMap,
    fmt::Write as _,
    net::TcpListener,
    sync::{Arc, Mutex, PoisonError},
    thread,
    time::{Duration, Instant},
};

use axum::{
    Json, Router,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post},
};
use serde_json::{Value, json};

/// The time that each translation takes; a download takes half of it.
const TRANSLATION_DELAY: Duration = Duration::from_millis(200);

/// Lines in English and in Spanish.
const LINES: [(&str, &str); 6] = [
    ("The last boat leaves the harbour at noon.", "El último barco sale del puerto al mediodía."),
    ("Nobody knew that she had a key to the old house.", "Nadie sabía que ella tenía una llave de la casa vieja."),
    ("We should wait here until the rain is over.", "Deberíamos esperar aquí hasta que termine la lluvia."),
    ("He promised to write a letter every week.", "Él prometió escribir una carta cada semana."),
    ("There is something strange about this village.", "Hay algo extraño en este pueblo."),
    ("Tomorrow we will leave before the sun comes up.", "Mañana saldremos antes de que salga el sol."),
];

type Calls = Arc<Mutex<HashMap<String, Vec<Instant>>>>;

/// Both services on one port; they run until the test ends.
#[derive(Clone)]
pub(crate) struct Services {
    pub(crate) port: u16,
    translations: Calls,
    downloads: Calls,
}

fn record_call(calls: &Calls, key: String) {
    calls.lock().unwrap_or_else(PoisonError::into_inner).entry(key).or_default().push(Instant::now());
}

/// The subtitle of a video in a language, if it exists.
fn subtitle_file(name: &str) -> Option<String> {
    let (stem, language) = name.strip_suffix(".srt")?.rsplit_once('.')?;
    let number: u32 = stem.rsplit_once(' ')?.1.parse().ok()?;
    let existing = match number {
        number if number.is_multiple_of(10) => "",
        number if number.is_multiple_of(3) => "en",
        _ => "es",
    };
    if existing != language {
        return None;
    }
    let mut text = String::new();
    for (at, (english, spanish)) in LINES.iter().enumerate() {
        let line = if language == "en" { english } else { spanish };
        let _ =
            writeln!(text, "{}\n00:00:{:02},000 --> 00:00:{:02},500\n{line} ({number})\n", at + 1, at * 3, at * 3 + 2);
    }
    Some(text)
}

async fn download(State(services): State<Services>, Path(name): Path<String>) -> Result<String, StatusCode> {
    tokio::time::sleep(TRANSLATION_DELAY / 2).await;
    let file = subtitle_file(&name).ok_or(StatusCode::NOT_FOUND)?;
    record_call(&services.downloads, name);
    Ok(file)
}

async fn translate(State(services): State<Services>, Json(body): Json<Value>) -> Json<Value> {
    let texts: Vec<String> = serde_json::from_value(body["q"].clone()).unwrap_or_default();
    record_call(&services.translations, texts.join("\n"));
    tokio::time::sleep(TRANSLATION_DELAY).await;
    let spanish =
        |text: &String| LINES.iter().fold(text.clone(), |text, (english, spanish)| text.replace(english, spanish));
    Json(json!({"translatedText": texts.iter().map(spanish).collect::<Vec<_>>()}))
}

impl Services {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener for tokio");
        let port = listener.local_addr().expect("an address").port();
        let services = Self { port, translations: Calls::default(), downloads: Calls::default() };
        let languages = json!([{"code": "en", "name": "English", "targets": ["es"]}]);
        let routes = Router::new()
            .route("/files/{name}", get(download))
            .route("/languages", get(move || async move { Json(languages) }))
            .route("/translate", post(translate))
            .with_state(services.clone());
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, routes).await.expect("serves");
            });
        });
        services
    }

    /// The environment variables of the workers.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        let address = format!("http://127.0.0.1:{}", self.port);
        [
            ("SUBTITLES_LIBRARY_URL", format!("{address}/files/{{stem}}.{{language}}.srt")),
            ("SUBTITLES_LIBRETRANSLATE_URL", address.clone()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .to_vec()
    }

    /// Every billed translation, with the times of its calls.
    pub(crate) fn translations(&self) -> Vec<(String, Vec<Instant>)> {
        let calls = self.translations.lock().unwrap_or_else(PoisonError::into_inner);
        calls.iter().map(|(texts, times)| (texts.clone(), times.clone())).collect()
    }

    /// The number of files that were served. A library costs nothing, so a file may be served more than once.
    pub(crate) fn downloads(&self) -> usize {
        self.downloads.lock().unwrap_or_else(PoisonError::into_inner).values().map(Vec::len).sum()
    }
}
