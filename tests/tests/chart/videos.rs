//! The videos in `manifests/dev` contain the sample subtitles and fit into a ConfigMap (1 MiB). `UPDATE_GOLDEN=1` regenerates
//! them with ffmpeg and mkvmerge. Does I/O.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use subtitle_tests::{process::output, root, samples, temporary_folder};

use crate::chart::{self, list, text};

/// Length of each video: at least that of the longest subtitle file.
const DURATION_SECONDS: u32 = 840;
/// The URL at which `manifests/dev` serves the videos.
const LIBRARY: &str = "http://library.subtitles.svc:8000/";

fn subtitle_file(file: &str) -> PathBuf {
    root().join("manifests/samples/films").join(file)
}

fn generate_videos(output_folder: &Path, scratch: &Path) {
    let picture = scratch.join("picture.mkv");
    let source = format!("color=navy:size=64x36:rate=1/4:duration={DURATION_SECONDS}");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-f", "lavfi", "-i", &source, "-c:v", "mpeg4", "-q:v", "31"]);
    output(ffmpeg.args(["-fflags", "+bitexact"]).arg(&picture)).expect("ffmpeg encodes the video track");
    let mux = |name: &str, track: Option<&str>| {
        let mut mkvmerge = Command::new("mkvmerge");
        // Reproducible output: `--deterministic` takes a seed, here the file's name.
        mkvmerge.args(["-q", "--deterministic", name, "--no-date", "-o"]).arg(output_folder.join(name)).arg(&picture);
        if let Some(track) = track {
            mkvmerge.args(["--language", "0:eng"]).arg(subtitle_file(track));
        }
        output(&mut mkvmerge).expect("mkvmerge muxes the video");
    };
    mux("harbour.mkv", Some("harbour.en.srt"));
    mux("letters.mkv", None);
    fs::copy(subtitle_file("letters.he.srt"), output_folder.join("letters.he.srt")).expect("copies letters.he.srt");
}

#[test]
fn the_videos_contain_the_subtitles_of_the_samples() {
    let (films, folder) = (root().join("manifests/dev/films"), temporary_folder("films").expect("a temporary folder"));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        generate_videos(&films, &folder);
    }
    let hint = "UPDATE_GOLDEN=1 cargo test --workspace --test chart videos regenerates them";
    let extracted = folder.join("harbour.srt");
    let mut extract = Command::new("mkvextract");
    extract.arg(films.join("harbour.mkv")).args(["tracks", &format!("1:{}", extracted.display())]);
    output(&mut extract).expect("the video has a text track");
    let read = |file: &Path| fs::read_to_string(file).expect("readable").replace('\r', "");
    let (embedded, expected) = (read(&extracted), read(&subtitle_file("harbour.en.srt")));
    assert!(samples::cues(&embedded) == samples::cues(&expected), "harbour.mkv and harbour.en.srt differ: {hint}");
    let sidecar = fs::read(films.join("letters.he.srt")).expect("readable");
    assert!(
        sidecar == fs::read(subtitle_file("letters.he.srt")).expect("readable"),
        "letters.he.srt differs from the sample: {hint}"
    );
    let _ = fs::remove_dir_all(folder);
}

#[test]
fn every_video_that_a_sample_references_is_in_the_config_map() {
    let kustomization = fs::read_to_string(root().join("manifests/dev/kustomization.yaml")).expect("readable");
    let kustomization = &chart::objects(&kustomization)[0];
    let files = list(&kustomization["configMapGenerator"][0]["files"]);
    let included: BTreeSet<&str> = files.iter().map(|file| text(file).trim_start_matches("films/")).collect();
    let mut checked = 0;
    for file in [samples::folder(), samples::http_folder()].iter().flat_map(|folder| samples::files(folder)).flatten() {
        for job in chart::objects(&fs::read_to_string(&file).expect("readable")) {
            let video = &job["spec"]["video"];
            let by_url = video["url"].as_str().and_then(|url| url.strip_prefix(LIBRARY));
            let Some(path) = video["path"].as_str().or(by_url) else { continue };
            assert!(included.contains(path), "{}: {path} is not in manifests/dev/films", file.display());
            checked += 1;
        }
    }
    assert!(checked > 4, "only {checked} samples reference a video");
    let size: u64 = included
        .iter()
        .map(|file| fs::metadata(root().join("manifests/dev/films").join(file)).expect("a file").len())
        .sum();
    assert!(size < 700_000, "{size} bytes of videos: a ConfigMap is limited to 1 MiB, and base64 adds a third");
}
