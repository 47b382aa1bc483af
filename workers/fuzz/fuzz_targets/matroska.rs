//! Any bytes as a video with text tracks, as the embedded source opens it: `cargo +nightly fuzz run matroska`.
#![no_main]

use std::{collections::BTreeMap, fs};

use libfuzzer_sys::fuzz_target;
use subtitle_contract::job::Video;
use subtitle_workers::find::{
    Finder, Libraries, ListRequest, Search as _, SourceId, TaskBudget,
    guard::{Guard, GuardedClient},
};

fuzz_target!(|bytes: &[u8]| {
    let folder = std::env::temp_dir().join(format!("subtitles-fuzz-{}", std::process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    let bytes = [&[0x1A, 0x45, 0xDF, 0xA3][..], bytes].concat();
    fs::write(folder.join("film.mkv"), bytes).expect("written");
    // The one TLS provider, which this source never needs.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let libraries = Libraries::new(BTreeMap::from([("films".to_owned(), folder)]), None, reqwest::Client::new());
    let finder = Finder::new(libraries, GuardedClient::new(Guard::default()).expect("a client"));
    let video = Video { library: "films".into(), path: Some("film.mkv".into()), ..Video::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let budget = TaskBudget::default();
    let request = ListRequest::new(&video, &[], &budget);
    runtime.block_on(async {
        for track in finder.list(SourceId::Embedded, &request).await.unwrap_or_default() {
            let _ = finder.fetch(&track).await;
        }
    });
});
