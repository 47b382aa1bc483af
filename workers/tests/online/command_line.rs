//! `subtitles find` and `subtitles get` with a provider, as a process.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::{bench::Secrets, providers::Provider};

const FILM: &str = "The.Harbour.2024.1080p.WEB-DL.x264-TIDE.mkv";

/// Runs `subtitles` in a folder that contains FILM, whose name is a scene release name.
fn run(secrets: &Secrets, provider: &Provider, arguments: &[&str]) -> Output {
    std::fs::write(secrets.folder().join(FILM), "not a Matroska file").expect("the film is written");
    Command::new(env!("CARGO_BIN_EXE_subtitles"))
        .args(arguments)
        .env("SUBTITLES_OPENSUBTITLES_URL", format!("{}/api/v1", provider.url))
        .env("SUBTITLES_OPENSUBTITLES_KEY_FILE", "key")
        .current_dir(secrets.folder())
        .output()
        .expect("subtitles starts")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn find_and_get_query_a_provider_and_exit_codes_distinguish_not_found_from_errors() {
    let (provider, secrets) = (Provider::start("opensubtitles"), Secrets::new());
    let find = ["find", FILM, "--language", "es", "--source", "opensubtitles", "--json"];
    let output = run(&secrets, &provider, &find);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(report["candidates"][0]["rejectionReason"], Value::Null);
    assert!(
        report["candidates"][0]["from"]
            .as_str()
            .is_some_and(|from| from.starts_with("opensubtitles: The.Harbour.2024.1080p"))
    );
    assert!(
        report["candidates"].as_array().expect("a list").iter().skip(1).any(|one| one["rejectionReason"].is_string()),
        "{report}"
    );
    assert_eq!(provider.calls("download").await, 0, "a search must not download");

    let output =
        run(&secrets, &provider, &["get", FILM, "--language", "es", "--source", "opensubtitles", "--out", "out.srt"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(std::fs::read_to_string(secrets.folder().join("out.srt")).expect("written").contains("número 102"));
    assert_eq!(provider.seen().await["violations"], json!([]));

    for (faults, exit_code, message) in [
        (json!({}), 3, "no 'fr' subtitle"),
        (json!({"faults": [{"on": "search", "status": 403, "body": {"message": "no"}}]}), 4, "SourceForbidden"),
        (json!({"faults": [{"on": "search", "status": 503, "body": "page", "times": 3}]}), 4, "SourceUnavailable"),
    ] {
        provider.set(faults).await;
        let output = run(&secrets, &provider, &["get", FILM, "--language", "fr", "--source", "opensubtitles"]);
        assert_eq!(output.status.code(), Some(exit_code), "{}", stderr(&output));
        assert!(stderr(&output).contains(message), "{}", stderr(&output));
    }
    let output = run(&secrets, &provider, &["find", FILM, "--language", "es", "--source", "gestdown"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("SUBTITLES_GESTDOWN_URL"), "{}", stderr(&output));
}
