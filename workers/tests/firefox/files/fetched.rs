//! An object store of models: what translators fetch from it, and what one damaged pair does to the others.

use std::{fs, path::Path};

use subtitle_contract::job::VariantMatch;
use subtitle_telemetry::chain;
use subtitle_tests::temporary_folder;
use subtitle_workers::{
    store::{Store, sha256},
    translate::engines::{
        Engine as _,
        firefox::{
            Firefox,
            models::{Folder, Mirror},
        },
    },
};

use crate::{installed, tag, translated};

/// A store with the models of a folder.
async fn published(source: &Path) -> Store {
    let store = Store::open(&"memory:".parse().expect("a URL")).expect("opens");
    let mirror = Mirror::over(store.clone(), source.to_path_buf());
    for model in mirror.folder.installed().expect("installed") {
        mirror.publish(&model).await.expect("published");
    }
    store
}

fn engine(store: &Store, cache: &Path) -> Firefox {
    Firefox::new(Mirror::over(store.clone(), cache.to_path_buf()), 512 * 1024 * 1024, 2)
}

#[tokio::test]
async fn translators_fetch_what_was_published_and_drop_what_was_removed() {
    let Some(source) = installed("firefox-published") else { return };
    let cache = temporary_folder("firefox-mirror").expect("a folder").join("fetched");
    let store = published(&source).await;
    let mirror = Mirror::over(store.clone(), cache);
    mirror.fetch().await.expect("fetched");
    let fetched = mirror.folder.installed().expect("installed");
    assert_eq!(fetched.len(), 2);
    for model in &fetched {
        model.verify().expect("as it was published");
    }
    Mirror::over(store.clone(), source).remove("pt-en").await.expect("removed");
    mirror.fetch().await.expect("fetched");
    assert_eq!(mirror.folder.pairs().expect("pairs").len(), 1, "what the store no longer has");
    assert!(mirror.remove("en-pt").await.expect("removed") && !mirror.remove("en-pt").await.expect("nothing"));
}

#[tokio::test]
async fn one_damaged_pair_stops_no_other() {
    let Some(source) = installed("firefox-one-damaged") else { return };
    let folder = temporary_folder("firefox-one-damaged-cache").expect("a folder");
    let store = published(&source).await;
    let model = "en-pt/model.enpt.intgemm.alphas.bin";
    store.replace(model, "GIF89a".into()).await.expect("written");
    let engine = engine(&store, &folder.join("fetched"));
    assert_eq!(translated(&engine, "pt", "en", &["O barco está aqui."], "").await, ["The boat is here."]);
    let (from, to) = (tag("en"), tag("pt"));
    let error = engine.supports(&from, &to, VariantMatch::Base).await.expect_err("it cannot be used");
    let why = chain(&error).to_string();
    assert!(why.contains(model) && why.contains("has another SHA-256") && why.contains("models pull en-pt"), "{why}");
    assert_eq!(engine.pairs().await.expect("pairs").expect("a list").len(), 1);
}

#[tokio::test]
async fn a_cached_model_that_was_damaged_is_fetched_again() {
    let Some(source) = installed("firefox-damaged-cache") else { return };
    let cache = temporary_folder("firefox-damaged-cache-folder").expect("a folder").join("fetched");
    let store = published(&source).await;
    engine(&store, &cache).pairs().await.expect("fetched");
    let model = cache.join("en-pt/model.enpt.intgemm.alphas.bin");
    let mut bytes = fs::read(&model).expect("a file");
    bytes[9_000_000] ^= 1;
    fs::write(&model, bytes).expect("written");
    let restarted = engine(&store, &cache);
    assert_eq!(translated(&restarted, "en", "pt", &["The boat is here."], "").await, ["O barco está aqui."]);
}

#[tokio::test]
async fn what_is_no_model_or_lies_elsewhere_is_not_fetched() {
    let Some(source) = installed("firefox-forged-store") else { return };
    let folder = temporary_folder("firefox-forged-store-cache").expect("a folder");
    let store = published(&source).await;
    let model = Folder(source).installed().expect("installed").remove(0);
    for (name, from, content, problem) in [
        ("model.enpt.intgemm.alphas.bin", "en", "GIF89a", "it is truncated"),
        ("../../vocab.enpt.spm", "en", "GIF89a", "names files outside of its folder"),
        ("vocab.enpt.spm", "pt", "GIF89a", "is another pair's manifest"),
    ] {
        let mut manifest = model.manifest.clone();
        manifest.from = from.to_owned();
        let suffix = name.rsplit('/').next();
        let file = manifest.files.iter_mut().find(|file| Some(file.name.as_str()) == suffix).expect("a file");
        file.name = name.to_owned();
        (file.size, file.sha256) = (content.len() as u64, sha256(content.as_bytes()));
        store.replace(&format!("en-pt/{name}"), content.into()).await.expect("written");
        let manifest = serde_json::to_vec(&manifest).expect("JSON");
        store.replace("manifests/en-pt.json", manifest.into()).await.expect("written");
        let mirror = Mirror::over(store.clone(), folder.join("a/cache"));
        let why = chain(&mirror.fetch().await.expect_err("refused")).to_string();
        assert!(why.contains("en-pt") && why.contains(problem), "{why}");
        assert!(!folder.join("vocab.enpt.spm").exists() && !folder.join("a/cache/en-pt").exists());
    }
}

#[tokio::test]
async fn another_pairs_model_changes_no_edition() {
    let Some(folder) = installed("firefox-edition") else { return };
    let mirror = Mirror::open(&folder.display().to_string(), None, None).expect("a folder");
    let engine = Firefox::new(mirror, 512 * 1024 * 1024, 1);
    let languages = [&tag("en"), &tag("pt-BR")];
    let edition = engine.edition(&languages);
    let copied = |pair: &str, to: &str, manifest: Option<&str>| {
        let bytes = fs::read_to_string(folder.join("en-pt/manifest.json")).expect("a manifest");
        fs::create_dir_all(folder.join(pair)).expect("a folder");
        let changed = bytes.replace("\"to\": \"pt\"", &format!("\"to\": \"{to}\""));
        fs::write(folder.join(pair).join("manifest.json"), manifest.unwrap_or(&changed)).expect("written");
    };
    copied("en-de", "de", None);
    copied("en-fr", "fr", Some("no JSON"));
    assert_eq!(engine.edition(&languages), edition);
    assert_ne!(engine.edition(&[&tag("en"), &tag("de")]), edition);
    let bytes = fs::read_to_string(folder.join("en-pt/manifest.json")).expect("a manifest");
    let hash = Folder::read("en-pt", folder.join("en-pt")).expect("a model").manifest.files[0].sha256.clone();
    fs::write(folder.join("en-pt/manifest.json"), bytes.replace(&hash, &sha256(b"another"))).expect("written");
    assert_ne!(engine.edition(&languages), edition, "another model of the pair");
}
