//! Files beside the video and in folders of subtitles: whose they are, and in which language.

use subtitle_workers::find::SourceId;

use super::folder::{ENGLISH, Folder, SPANISH, srt};

async fn shown(files: &[&str]) -> Vec<String> {
    let text = srt(&SPANISH);
    let files: Vec<(&str, &str)> = files.iter().map(|name| (*name, text.as_str())).collect();
    Folder::new(&files).shown(SourceId::Library, "es").await
}

#[tokio::test]
async fn a_sidecar_of_another_film_is_not_taken() {
    let files = [
        "Harbour.mkv",
        "Harbour.2.mkv",
        "Harbour.Directors.Cut.mkv",
        "Harbour.cd2.mkv",
        "Harbour.2.es.srt",
        "Harbour.Directors.Cut.es.srt",
        "Harbour.cd2.es.srt",
    ];
    assert_eq!(shown(&files).await, [] as [&str; 0]);
    let own = ["Harbour.2.mkv", "Harbour.mkv", "Harbour.2.es.srt", "Harbour.es.srt"];
    assert_eq!(shown(&own).await, ["Harbour.2.es.srt: es"]);
}

#[tokio::test]
async fn folders_of_subtitles_are_looked_into() {
    assert_eq!(
        shown(&["film.mkv", "sample.mkv", "Subs/2_Spanish.srt", "Subs/3_Spa,SDH.srt", "Subs/film.es.forced.srt"]).await,
        ["Subs/2_Spanish.srt: es", "Subs/3_Spa,SDH.srt: es hi", "Subs/film.es.forced.srt: es forced"]
    );
    assert_eq!(
        shown(&[
            "tide.S01E02.mkv",
            "tide.S01E01.mkv",
            "Subs/tide.S01E02/2_Spanish.srt",
            "Subs/tide.S01E01/2_Spanish.srt",
            "Subs/2_Spanish.srt"
        ])
        .await,
        ["Subs/tide.S01E02/2_Spanish.srt: es"],
        "what lies in the folder itself may be another episode's"
    );
}

#[tokio::test]
async fn a_sidecar_without_a_language_has_the_one_of_its_text_or_is_named() {
    let (spanish, english) = (srt(&SPANISH), srt(&ENGLISH));
    let folder = Folder::new(&[
        ("film.mkv", ""),
        ("film.srt", &spanish),
        ("film.anna.srt", "1\n00:00:01,000 --> 00:00:02,000\nNo.\n"),
    ]);
    assert_eq!(folder.shown(SourceId::Library, "es").await, ["film.anna.srt: und", "film.srt: es"]);
    assert!(folder.download("es", serde_json::json!({})).await.expect("found").0.contains(SPANISH[0]));
    let folder = Folder::new(&[("film.mkv", ""), ("film.es.srt", &english)]);
    let failure = folder.download("es", serde_json::json!({})).await.expect_err("it lies");
    assert!(failure.message.contains("its text is in en"), "{}", failure.message);
}

#[tokio::test]
async fn a_handful_beside_a_dialogue_is_forced() {
    let (all, few) = (srt(&SPANISH), srt(&SPANISH[..2]));
    let folder = Folder::new(&[("film.mkv", ""), ("Subs/2_Spanish.srt", &few), ("Subs/3_Spanish.srt", &all)]);
    assert_eq!(
        folder.shown(SourceId::Library, "es").await,
        ["Subs/2_Spanish.srt: es forced", "Subs/3_Spanish.srt: es"]
    );
}
