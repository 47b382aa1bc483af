//! `subtitles models` with a catalogue like Mozilla's: pulled, continued, verified, listed, removed; and into an object store.

use std::{fs, path::Path, process::Command, sync::atomic::Ordering};

use subtitle_fakes::models::{Catalogue, Listed, serve};
use subtitle_tests::temporary_folder;
use subtitle_workers::store::sha256;

use crate::installed;

fn listed(folder: &Path) -> Vec<Listed> {
    ["model.enpt.intgemm.alphas.bin", "vocab.enpt.spm"]
        .map(|name| {
            let bytes = fs::read(folder.join("en-pt").join(name)).expect("a file");
            let level = ruzstd::encoding::CompressionLevel::Uncompressed;
            let packed = ruzstd::encoding::compress_to_vec(&bytes[..], level);
            Listed { name: name.to_owned(), hash: sha256(&packed), unpacked_hash: sha256(&bytes), packed }
        })
        .to_vec()
}

/// The exit code, standard output and standard error.
fn models(place: &str, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_subtitles"));
    let cache = format!("{}-cache", place.trim_start_matches("memory:"));
    command.args(["models", "--models", place, "--models-cache", &cache]).args(arguments);
    let output = command.output().expect("runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
}

fn pull(catalogue: &Catalogue, place: &str) -> (i32, String, String) {
    models(place, &["pull", "en-pt", "--from", &catalogue.url])
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_is_pulled_in_parts_verified_listed_and_removed() {
    let Some(source) = installed("firefox-source") else { return };
    let (files, folder) = (listed(&source), temporary_folder("firefox-pulled").expect("a folder"));
    let place = folder.join("models").display().to_string();
    let all: u64 = files.iter().map(|file| file.packed.len() as u64).sum();
    let broken = serve(("en", "pt"), files.clone(), Some(10_000_000)).await;
    let (code, out, error) = pull(&broken, &place);
    assert_eq!((code, out.as_str(), error.lines().count()), (4, "", 1), "{error}");
    assert!(!Path::new(&place).join("en-pt").exists(), "nothing is installed by halves");

    let whole = serve(("en", "pt"), files.clone(), None).await;
    let (code, out, error) = pull(&whole, &place);
    assert!(code == 0 && out.contains("en-pt") && out.contains("version 3.1  MPL-2.0"), "{out}{error}");
    let (before, sent) = (broken.sent.load(Ordering::SeqCst), whole.sent.load(Ordering::SeqCst));
    assert!(before > 1_000_000 && sent < all, "it continued: {before} and {sent} of {all} bytes");
    assert_eq!(pull(&whole, &place).0, 0);
    assert_eq!(whole.sent.load(Ordering::SeqCst), sent, "what is installed is not downloaded again");

    assert!(models(&place, &["list"]).1.starts_with("en-pt"));
    assert_eq!(models(&place, &["verify"]).1.trim(), "en-pt    verified");
    fs::write(Path::new(&place).join("en-pt/vocab.enpt.spm"), "GIF89a").expect("written");
    let (code, _, error) = models(&place, &["verify"]);
    assert!(code == 4 && error.contains("vocab.enpt.spm' has 6 bytes instead of"), "{error}");
    assert_eq!(models(&place, &["remove", "en-pt"]).0, 0);
    for (arguments, words) in [
        (vec!["remove", "../models"], "is not installed"),
        (vec!["list"], "no models in"),
        (vec!["pull", "en-xx", "--from", &whole.url], "has no pair 'en-xx'; it has en-pt"),
        (vec!["pull", "en-pt", "--from", "http://127.0.0.1:9"], "without a network, `subtitles models import`"),
        (vec!["import", "Cargo.toml"], "is no zip archive"),
    ] {
        let (code, out, error) = models(&place, &arguments);
        assert!(
            code == 4 && out.is_empty() && error.contains(words) && error.lines().count() == 1,
            "{arguments:?}: {error}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bytes_than_the_catalogue_lists_are_never_installed() {
    let Some(source) = installed("firefox-forged") else { return };
    let folder = temporary_folder("firefox-forged-pull").expect("a folder");
    let place = folder.join("models").display().to_string();
    for is_packed in [true, false] {
        let mut files = listed(&source);
        if is_packed {
            files[0].packed[5_000_000] ^= 1;
        } else {
            files[0].unpacked_hash = sha256(b"another");
        }
        let (code, _, error) = pull(&serve(("en", "pt"), files, None).await, &place);
        assert!(code == 4 && error.contains("its SHA-256 is not the catalogue's"), "{error}");
        assert!(!Path::new(&place).join("en-pt").exists());
    }
}
