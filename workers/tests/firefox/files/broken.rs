//! Model files that are missing, truncated, changed or of something else.

use std::{fs, path::Path};

use subtitle_contract::job::VariantMatch;
use subtitle_telemetry::chain;
use subtitle_workers::translate::{
    TranslationContext, TranslationRequest,
    engines::{
        Engine as _,
        firefox::{Firefox, models::Mirror},
    },
};

use crate::{engine, installed, tag, translated};

async fn refused(folder: &Path) -> String {
    let (from, to, texts) = (tag("en"), tag("pt"), vec!["Go home.".to_owned()]);
    let context = TranslationContext::default();
    let request =
        TranslationRequest { from: &from, to: &to, variants: VariantMatch::Base, texts: &texts, seed: "", context };
    chain(&engine(folder).translate(&request).await.expect_err("refused")).to_string()
}

#[tokio::test]
async fn each_broken_file_ends_in_a_sentence_that_names_it_and_the_cure() {
    let Some(folder) = installed("firefox-broken") else { return };
    let pair = folder.join("en-pt");
    let whole = |name: &str| fs::read(pair.join(name)).expect("a file");
    let (model, words, manifest) = ("model.enpt.intgemm.alphas.bin", "vocab.enpt.spm", "manifest.json");
    let mut changed = whole(model);
    changed[9_000_000] ^= 1;
    for (name, content, problem) in [
        (model, Some(whole(model)[..1_000_000].to_vec()), "has 1000000 bytes instead of 17140836"),
        (model, Some(changed), "has another SHA-256"),
        (words, Some(b"GIF89a".to_vec()), "has 6 bytes instead of"),
        (words, None, "is missing"),
        (manifest, Some(b"[]".to_vec()), "is not a model's manifest"),
        (manifest, None, "is missing"),
    ] {
        let before = whole(name);
        fs::remove_file(pair.join(name)).expect("removed");
        if let Some(content) = content {
            fs::write(pair.join(name), content).expect("written");
        }
        let why = refused(&folder).await;
        let cure = "install the pair again with `subtitles models pull en-pt`";
        assert!(why.contains(name) && why.contains(problem) && why.contains(cure), "{why}");
        fs::write(pair.join(name), before).expect("written");
    }
}

#[tokio::test]
async fn a_pair_that_cannot_be_loaded_takes_no_others_place() {
    let Some(folder) = installed("firefox-place") else { return };
    let mirror = Mirror::open(&folder.display().to_string(), None, None).expect("a folder");
    let engine = Firefox::new(mirror, 1, 2);
    let loaded = async || translated(&engine, "en", "pt", &["The boat is here."], "").await;
    assert_eq!(loaded().await, ["O barco está aqui."]);
    fs::write(folder.join("pt-en/vocab.pten.spm"), "GIF89a").expect("written");
    let (from, to, texts) = (tag("pt"), tag("en"), vec!["O barco está aqui.".to_owned()]);
    let context = TranslationContext::default();
    let request =
        TranslationRequest { from: &from, to: &to, variants: VariantMatch::Base, texts: &texts, seed: "", context };
    engine.translate(&request).await.expect_err("damaged");
    // Its files are needed no more, unless it has to be loaded again.
    fs::remove_file(folder.join("en-pt/vocab.enpt.spm")).expect("removed");
    assert_eq!(loaded().await, ["O barco está aqui."]);
}

#[test]
fn what_is_no_model_is_not_installed_and_changes_nothing() {
    use subtitle_workers::translate::engines::firefox::models::{Folder, New, install};
    let Some(folder) = installed("firefox-import") else { return };
    let read = |name: &str| fs::read(folder.join("en-pt").join(name)).expect("a file");
    let (model, words) = (read("model.enpt.intgemm.alphas.bin"), read("vocab.enpt.spm"));
    let mut huge = model.clone();
    huge[8..16].copy_from_slice(&u64::MAX.to_le_bytes());
    let name = |name: &str, bytes: &[u8]| {
        (format!("{name}.enpt.{}", if name == "model" { "bin" } else { "spm" }), bytes.to_vec())
    };
    for files in [
        vec![name("model", &model[..5_000_000]), name("vocab", &words)],
        vec![name("model", &huge), name("vocab", &words)],
        vec![name("model", &words), name("vocab", &words)],
        vec![name("model", &model)],
        vec![("model./../../x.bin".to_owned(), model.clone()), name("vocab", &words)],
    ] {
        let (version, licence, source) = (String::new(), String::new(), "a test".to_owned());
        let new = New { from: tag("en"), to: tag("pt"), version, licence, source, files };
        let why = chain(&install(&Folder(folder.clone()), new).expect_err("refused")).to_string();
        assert!(why.starts_with("'a test: ") && why.lines().count() == 1, "{why}");
    }
    assert!(!folder.join("x.bin").exists());
    assert_eq!(read("vocab.enpt.spm"), words);
}
