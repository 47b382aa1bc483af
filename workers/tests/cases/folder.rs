//! A library of its own for each test, removed with it, and the questions that tests put to it.

use std::{
    collections::BTreeMap,
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use serde_json::{Value, json};
use subtitle_contract::{job::Video, language::Language};
use subtitle_telemetry::chain;
use subtitle_workers::{
    downloader::{DownloadOutcome, Downloader},
    failure::Failure,
    find::{
        FetchedContent, Finder, FoundSubtitle, Libraries, ListRequest, Search as _, SourceId, TaskBudget, TrackFile,
        guard::{Guard, GuardedClient},
    },
    store::Store,
    subtitle::{Subtitle, file},
};

/// Sixteen lines each, enough for their language to be certain.
pub(crate) const ENGLISH: [&str; 16] = [
    "The lantern went out before we reached the bridge.",
    "Did anybody see who was carrying the map?",
    "It was the baker's son, I am sure of it.",
    "Then we have to wait until morning.",
    "Nobody crosses the river in the dark.",
    "My father crossed it once, in winter.",
    "And what did he find on the other side?",
    "A house with no door and a dog that would not bark.",
    "You never told me that story before.",
    "I did not believe it myself when I was a child.",
    "We should have gone home when the rain began.",
    "There is still some bread in the basket.",
    "Give half of it to the girl, she is cold.",
    "Listen, somebody is walking behind the trees.",
    "It is only the wind, go back to sleep.",
    "The wind does not know our names.",
];
pub(crate) const SPANISH: [&str; 16] = [
    "El farol se apagó antes de que llegáramos al puente.",
    "¿Alguien ha visto quién llevaba el mapa?",
    "Fue el hijo del panadero, estoy segura.",
    "Entonces tenemos que esperar hasta la mañana.",
    "Nadie cruza el río en la oscuridad.",
    "Mi padre lo cruzó una vez, en invierno.",
    "¿Y qué encontró al otro lado?",
    "Una casa sin puerta y un perro que no ladraba.",
    "Nunca me habías contado esa historia.",
    "Yo tampoco la creía cuando era niño.",
    "Tendríamos que haber vuelto a casa cuando empezó la lluvia.",
    "Todavía queda un poco de pan en la cesta.",
    "Dale la mitad a la niña, que tiene frío.",
    "Escucha, alguien camina detrás de los árboles.",
    "Es solo el viento, vuelve a dormir.",
    "El viento no sabe cómo nos llamamos.",
];
pub(crate) const SIMPLIFIED: [&str; 4] = [
    "我们没有时间了，船马上就要开。",
    "谁见过那个拿地图的人？",
    "这是他们说过的话。",
    "让我听听门外边的声音，还没有来。",
];
pub(crate) const TRADITIONAL: [&str; 4] = [
    "我們沒有時間了，船馬上就要開。",
    "誰見過那個拿地圖的人？",
    "這是他們說過的話。",
    "讓我聽聽門外邊的聲音，還沒有來。",
];

pub(crate) const NAMES: [&str; 3] = ["The lantern went out.", "Who has the map?", "The baker's son, and his dog."];

/// An ASS file of these lines.
pub(crate) fn ass(lines: &[impl AsRef<str>]) -> String {
    let line = |line: &str| format!("Dialogue: 0:00:01.00,0:00:02.00,{line}\n");
    let lines: String = lines.iter().map(|one| line(one.as_ref())).collect();
    format!("[Script Info]\n\n[Events]\nFormat: Start, End, Text\n{lines}")
}

/// A `SubRip` file of these lines.
pub(crate) fn srt(lines: &[&str]) -> String {
    let cue = |(at, line): (usize, &&str)| {
        format!("{}\n00:00:{:02},000 --> 00:00:{:02},500\n{line}\n\n", at + 1, at * 3 + 1, at * 3 + 3)
    };
    lines.iter().enumerate().map(cue).collect()
}

/// A library with the video `film`.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    film: String,
}

impl Folder {
    /// Files by name below the folder; the first is the video.
    pub(crate) fn new<B: AsRef<[u8]>>(files: &[(&str, B)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("subtitles-cases-{}-{number}", std::process::id()));
        for (name, bytes) in files {
            let file = path.join(name);
            fs::create_dir_all(file.parent().expect("a folder")).expect("a folder");
            fs::write(file, bytes).expect("written");
        }
        Self { path, film: files[0].0.to_owned() }
    }

    pub(crate) fn libraries(&self) -> Libraries {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Libraries::new(BTreeMap::from([("films".to_owned(), self.path.clone())]), None, reqwest::Client::new())
    }

    pub(crate) fn finder(&self) -> Finder {
        Finder::new(self.libraries(), GuardedClient::new(Guard::default()).expect("a client"))
    }

    /// What a source lists for somebody who wants `language`.
    pub(crate) async fn list(&self, source: SourceId, language: &str) -> Result<Vec<FoundSubtitle>, String> {
        let video = Video { library: "films".into(), path: Some(self.film.clone()), ..Video::default() };
        let languages = [Language::parse(language).expect("a tag")];
        let listed = self.finder().list(source, &ListRequest::new(&video, &languages, &TaskBudget::default())).await;
        listed.map_err(|error| chain(&error).to_string())
    }

    /// Each candidate's label, language and what it is, as one line.
    pub(crate) async fn shown(&self, source: SourceId, language: &str) -> Vec<String> {
        let found = self.list(source, language).await.expect("listed");
        let flags = |one: &FoundSubtitle| {
            let flags = [(one.forced, " forced"), (one.hearing_impaired, " hi"), (one.is_commentary, " commentary")];
            flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| *flag).collect::<String>()
        };
        found.iter().map(|one| format!("{}: {}{}", one.label, one.language, flags(one))).collect()
    }

    /// A track as it is read.
    pub(crate) async fn track(&self, at: usize) -> Result<TrackFile, String> {
        let found = self.list(SourceId::Embedded, "en").await?;
        match self.finder().fetch(&found[at]).await.map_err(|error| chain(&error).to_string())? {
            FetchedContent::Track(track) => Ok(track),
            FetchedContent::Bytes(_) => panic!("a track"),
        }
    }

    /// What the downloader takes.
    pub(crate) async fn download(&self, language: &str, more: Value) -> Result<(String, Vec<String>), Failure> {
        let mut spec = json!({"video": {"library": "films", "path": self.film}, "language": language,
            "output": {"format": "Original"}, "translation": {"policy": "Never"}});
        spec.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        let spec = serde_json::from_value(spec).expect("a spec");
        let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
        let order = vec![SourceId::Embedded, SourceId::Library];
        match Downloader::standalone(self.finder(), order, store).answer("a", spec).await? {
            DownloadOutcome::Ready { artifact, warnings, .. } => Ok((artifact.text, warnings)),
            DownloadOutcome::Translate { .. } => panic!("translation is forbidden"),
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The subtitle in a track's file.
pub(crate) fn subtitle(track: &TrackFile) -> Subtitle {
    file::read(track.text.as_bytes(), &file::Declared::default()).expect("reads").subtitle
}

/// The plain lines of a subtitle.
pub(crate) fn lines(text: &str) -> Vec<String> {
    let subtitle = file::read(text.as_bytes(), &file::Declared::default()).expect("reads").subtitle;
    subtitle.cues.iter().map(|cue| subtitle.format.plain(&cue.text).into_owned()).collect()
}
