//! `subtitles find` and `subtitles get` with a provider, as a process.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::{bench::Secrets, providers::Provider};

/// In a folder with a film of a name that says what it is.
fn run(secrets: &Secrets, provider: &Provider, arguments: &[&str]) -> Output {
    std::fs::write(secrets.0.join("The.Harbour.2024.1080p.WEB-DL.x264-TIDE.mkv"), "no Matroska").expect("written");
    Command::new(env!("CARGO_BIN_EXE_subtitles"))
        .args(arguments)
        .env("SUBTITLES_OPENSUBTITLES_URL", format!("{}/api/v1", provider.url))
        .env("SUBTITLES_OPENSUBTITLES_KEY_FILE", "key")
        .current_dir(&secrets.0)
        .output()
        .expect("runs")
}

const FILM: &str = "The.Harbour.2024.1080p.WEB-DL.x264-TIDE.mkv";

fn error(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_is_asked_from_the_command_line_and_exit_codes_tell_nothing_from_trouble() {
    let (provider, secrets) = (Provider::start("opensubtitles"), Secrets::new());
    let find = ["find", FILM, "--language", "es", "--source", "opensubtitles", "--json"];
    let output = run(&secrets, &provider, &find);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
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
    assert_eq!(provider.calls("download").await, 0, "looking costs nothing");

    let output =
        run(&secrets, &provider, &["get", FILM, "--language", "es", "--source", "opensubtitles", "--out", "out.srt"]);
    assert_eq!(output.status.code(), Some(0), "{}", error(&output));
    assert!(std::fs::read_to_string(secrets.0.join("out.srt")).expect("written").contains("número 102"));
    assert_eq!(provider.seen().await["violations"], json!([]));

    for (more, code, words) in [
        (json!({}), 3, "no 'fr' subtitle"),
        (json!({"faults": [{"on": "search", "status": 403, "body": {"message": "no"}}]}), 4, "SourceForbidden"),
        (json!({"faults": [{"on": "search", "status": 503, "body": "page", "times": 3}]}), 4, "SourceUnavailable"),
    ] {
        provider.set(more).await;
        let output = run(&secrets, &provider, &["get", FILM, "--language", "fr", "--source", "opensubtitles"]);
        assert_eq!(output.status.code(), Some(code), "{}", error(&output));
        assert!(error(&output).contains(words), "{}", error(&output));
    }
    let output = run(&secrets, &provider, &["find", FILM, "--language", "es", "--source", "gestdown"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(error(&output).contains("SUBTITLES_GESTDOWN_URL"), "{}", error(&output));
}
