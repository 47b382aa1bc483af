//! Model files that are missing, truncated, changed or of something else.

use std::{fs, path::Path};

use subtitle_contract::job::VariantMatch;
use subtitle_telemetry::chain;
use subtitle_workers::translate::{TranslationContext, TranslationRequest, engines::Engine as _};

use crate::{engine, installed, tag};

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
        (manifest, Some(b"[]".to_vec()), "is no manifest of a model"),
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
    ] {
        let new = New { from: tag("en"), to: tag("pt"), version: String::new(), source: "a test".to_owned(), files };
        let error = install(&Folder(folder.clone()), new).expect_err("refused");
        assert!(chain(&error).to_string().starts_with("'a test: "), "{error}");
    }
    assert_eq!(read("vocab.enpt.spm"), words);
}

#[test]
fn a_model_with_changed_bytes_is_installed_or_refused_but_ends_nothing() {
    use subtitle_workers::translate::engines::firefox::models::{Folder, New, install};
    let Some(folder) = installed("firefox-mutated") else { return };
    let read = |name: &str| fs::read(folder.join("en-pt").join(name)).expect("a file");
    let (model, words) = (read("model.enpt.intgemm.alphas.bin"), read("vocab.enpt.spm"));
    let mut random = fastrand::Rng::with_seed(18);
    for round in 0..24 {
        let (mut model, mut words) = (model.clone(), words.clone());
        // Where the numbers are, of which the engine trusts each.
        let place = random.usize(16..20_000);
        model[place] = random.u8(..);
        if round % 3 == 0 {
            words[random.usize(0..2000)] = random.u8(..);
        }
        let files = vec![("model.enpt.bin".to_owned(), model), ("vocab.enpt.spm".to_owned(), words)];
        let new = New { from: tag("en"), to: tag("pt"), version: String::new(), source: "a test".to_owned(), files };
        if let Err(error) = install(&Folder(folder.join("mutated")), new) {
            assert!(chain(&error).to_string().starts_with("'a test: model.enpt.bin' "), "{error}");
        }
    }
}
