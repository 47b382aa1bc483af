//! Which track is taken: dialogue before signs, songs, commentary and a handful; the script and the language that the text has
//! where the tag leaves them open.

use serde_json::json;
use subtitle_workers::find::SourceId;

use super::{
    folder::{ENGLISH, Folder, SIMPLIFIED, SPANISH, TRADITIONAL},
    matroska::{Sizes, Track, element, film},
};

async fn taken(tracks: &[Track], language: &str) -> Result<String, String> {
    let folder = Folder::new(&[("film.mkv", film(tracks, Sizes::Known))]);
    folder.download(language, json!({})).await.map(|(text, _)| text).map_err(|failure| failure.message)
}

#[tokio::test]
async fn the_dialogue_is_taken_and_not_what_lies_beside_it() {
    let dialogue = Track::text("eng", "", &ENGLISH);
    let flag = |id: &[u8]| element(id, &[1]);
    for other in [
        Track::text("eng", "Signs & Songs", &SPANISH[..2]),
        Track::text("eng", "Director Commentary", &SPANISH),
        Track { more: flag(&[0x55, 0xAF]), ..Track::text("eng", "", &SPANISH) },
        Track { more: flag(&[0x55, 0xAA]), ..Track::text("eng", "", &SPANISH[..2]) },
        Track::text("eng", "SDH", &SPANISH),
    ] {
        let shown = taken(&[other.clone(), dialogue.clone()], "en").await.expect("found");
        assert!(shown.contains(ENGLISH[0]), "{}: {shown}", other.name);
    }
    let alone = taken(&[Track::text("eng", "Director Commentary", &ENGLISH)], "en").await.expect_err("a commentary");
    assert!(alone.contains("commentary"), "{alone}");
}

#[tokio::test]
async fn a_handful_beside_a_dialogue_is_not_the_dialogue() {
    let statistics = |count: usize, uid: u8| {
        let name = element(&[0x45, 0xA3], b"NUMBER_OF_FRAMES");
        let text = element(&[0x44, 0x87], count.to_string().as_bytes());
        let target = element(&[0x63, 0xC0], &element(&[0x63, 0xC5], &[uid]));
        element(&[0x73, 0x73], &[target, element(&[0x67, 0xC8], &[name, text].concat())].concat())
    };
    let tracks = [Track::text("eng", "", &ENGLISH[..2]), Track::text("eng", "", &ENGLISH)];
    let mut bytes = film(&tracks, Sizes::UnknownSegment);
    // Tags in front of the clusters, where the reader finds them without a seek head.
    let cluster = bytes.windows(4).position(|four| four == [0x1F, 0x43, 0xB6, 0x75]).expect("a cluster");
    let tags = element(&[0x12, 0x54, 0xC3, 0x67], &[statistics(2, 1), statistics(16, 2)].concat());
    bytes.splice(cluster..cluster, tags);
    let shown = Folder::new(&[("film.mkv", bytes)]).shown(SourceId::Embedded, "en").await;
    assert_eq!(shown, ["track 1: en forced", "track 2: en"]);
}

#[tokio::test]
async fn chinese_is_told_by_tag_by_name_and_by_its_characters() {
    let tag = |tag: &str| element(&[0x22, 0xB5, 0x9D], tag.as_bytes());
    let pairs = [
        (Track::text("chi", "Simplified", &SIMPLIFIED), Track::text("chi", "Traditional", &TRADITIONAL)),
        (
            Track { more: tag("zh-Hans"), ..Track::text("chi", "", &SIMPLIFIED) },
            Track { more: tag("zh-Hant"), ..Track::text("chi", "", &TRADITIONAL) },
        ),
        (Track::text("chi", "", &SIMPLIFIED), Track::text("chi", "", &TRADITIONAL)),
    ];
    for (simplified, traditional) in pairs {
        let tracks = [traditional, simplified];
        assert!(taken(&tracks, "zh-Hans").await.expect("found").contains(SIMPLIFIED[0]));
        assert!(taken(&tracks, "zh-Hant").await.expect("found").contains(TRADITIONAL[0]));
    }
    let only = taken(&[Track::text("chi", "", &TRADITIONAL)], "zh-Hans").await.expect_err("the other script");
    assert!(only.contains("no 'zh-Hans' subtitle"), "{only}");
}

#[tokio::test]
async fn a_track_without_a_language_is_named_and_taken_when_its_text_is_sure() {
    let tracks = [Track::text("und", "", &SPANISH)];
    assert!(taken(&tracks, "es").await.expect("found").contains(SPANISH[0]));
    let folder = Folder::new(&[("film.mkv", film(&[Track::text("und", "", &["No. Anna!"])], Sizes::Known))]);
    assert_eq!(folder.shown(SourceId::Embedded, "es").await, ["track 1: und"]);
    let failure = folder.download("es", json!({})).await.expect_err("too little text");
    assert!(
        failure.candidates[0].rejection_reason.as_deref().is_some_and(|why| why.contains("does not say its language"))
    );
    assert!(failure.message.contains("track 1"), "{}", failure.message);
}

#[tokio::test]
async fn every_code_of_iso_639_is_understood() {
    for (code, language) in
        [("nob", "nb"), ("nob", "no"), ("ben", "bn"), ("tam", "ta"), ("alb", "sq"), ("sqi", "sq"), ("fil", "tl")]
    {
        let tracks = [Track::text(code, "", &["♪"; 2])];
        let folder = Folder::new(&[("film.mkv", film(&tracks, Sizes::Known))]);
        assert!(folder.download(language, json!({})).await.is_ok(), "{code} for {language}");
    }
}
