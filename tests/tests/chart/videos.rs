//! The videos in `manifests/dev` contain the samples' dialogue and fit into a ConfigMap (1 MiB). `UPDATE_GOLDEN=1` creates
//! them again with ffmpeg and mkvmerge. Does I/O.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use subtitle_tests::{process::output, root, samples, temporary_folder};

use crate::chart::{self, list, text};

/// The length of the longest dialogue.
const SECONDS: u32 = 840;
/// The URL at which `manifests/dev` serves the videos.
const LIBRARY: &str = "http://library.subtitles.svc:8000/";

fn dialogue(file: &str) -> PathBuf {
    root().join("manifests/samples/films").join(file)
}

fn make(films: &Path, folder: &Path) {
    let picture = folder.join("picture.mkv");
    let source = format!("color=navy:size=64x36:rate=1/4:duration={SECONDS}");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-c:v", "mpeg4", "-q:v", "31"]);
    output(ffmpeg.args(["-fflags", "+bitexact"]).arg(&picture)).expect("ffmpeg encodes the video track");
    let merge = |name: &str, track: Option<&str>| {
        let mut merge = Command::new("mkvmerge");
        // Reproducible bytes.
        merge.args(["-q", "--deterministic", name, "--no-date", "-o"]).arg(films.join(name)).arg(&picture);
        if let Some(track) = track {
            merge.args(["--language", "0:eng"]).arg(dialogue(track));
        }
        output(&mut merge).expect("mkvmerge muxes the video");
    };
    merge("harbour.mkv", Some("harbour.en.srt"));
    merge("letters.mkv", None);
    fs::copy(dialogue("letters.he.srt"), films.join("letters.he.srt")).expect("a copy");
}

#[test]
fn the_videos_contain_the_dialogue_of_the_samples() {
    let (films, folder) = (root().join("manifests/dev/films"), temporary_folder("films").expect("a temporary folder"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        make(&films, &folder);
    }
    let advice = "UPDATE_GOLDEN=1 cargo test --workspace --test chart videos creates them again";
    let extracted = folder.join("harbour.srt");
    let mut extract = Command::new("mkvextract");
    extract.arg(films.join("harbour.mkv")).args(["tracks", &format!("1:{}", extracted.display())]);
    output(&mut extract).expect("the video has a text track");
    let read = |file: &Path| fs::read_to_string(file).expect("readable").replace('\r', "");
    let (in_the_film, written) = (read(&extracted), read(&dialogue("harbour.en.srt")));
    assert!(samples::cues(&in_the_film) == samples::cues(&written), "harbour.mkv contains another dialogue: {advice}");
    let beside = fs::read(films.join("letters.he.srt")).expect("readable");
    assert!(beside == fs::read(dialogue("letters.he.srt")).expect("readable"), "letters.he.srt differs: {advice}");
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn every_video_of_a_sample_is_included() {
    let kustomization = fs::read_to_string(root().join("manifests/dev/kustomization.yaml")).expect("readable");
    let kustomization = &chart::objects(&kustomization)[0];
    let files = list(&kustomization["configMapGenerator"][0]["files"]);
    let included: BTreeSet<&str> = files.iter().map(|file| text(file).trim_start_matches("films/")).collect();
    let mut asked = 0;
    for file in [samples::folder(), samples::over_http()].iter().flat_map(|folder| samples::files(folder)).flatten() {
        for job in chart::objects(&fs::read_to_string(&file).expect("readable")) {
            let video = &job["spec"]["video"];
            let by_url = video["url"].as_str().and_then(|url| url.strip_prefix(LIBRARY));
            let Some(path) = video["path"].as_str().or(by_url) else { continue };
            assert!(included.contains(path), "{}: {path} is not in manifests/dev/films", file.display());
            asked += 1;
        }
    }
    assert!(asked > 4, "{asked} samples name a video");
    let size: u64 = included
        .iter()
        .map(|file| fs::metadata(root().join("manifests/dev/films").join(file)).expect("a file").len())
        .sum();
    assert!(size < 700_000, "{size} bytes of videos: a ConfigMap takes 1 MiB, and base64 adds a third");
}
