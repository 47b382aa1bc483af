//! The sample videos, created from the dialogue in `manifests/samples/films`: a video track by ffmpeg, text tracks muxed by
//! mkvmerge, sidecars beside it. Does I/O.

use std::{fs, path::Path, process::Command};

use anyhow::{Context as _, Result};

use crate::{process::output, root, samples::cues};

/// Writes the videos of the samples to `library`, replacing older ones:
/// `harbour.mkv` with an English text track, `letters.mkv` without tracks but with `letters.he.srt` beside it.
pub fn make(library: &Path) -> Result<()> {
    fs::create_dir_all(library).with_context(|| format!("failed to create {}", library.display()))?;
    let dialogue = root().join("manifests/samples/films");
    let picture = library.join(".picture.mkv");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=320x180:rate=1/2:duration=840"]);
    output(ffmpeg.args(["-c:v", "mpeg4", "-q:v", "12"]).arg(&picture))?;
    let mut mkvmerge = Command::new("mkvmerge");
    mkvmerge.args(["-q", "-o"]).arg(library.join("harbour.mkv")).arg(&picture);
    output(mkvmerge.args(["--language", "0:eng"]).arg(dialogue.join("harbour.en.srt")))?;
    fs::rename(&picture, library.join("letters.mkv"))?;
    fs::copy(dialogue.join("letters.he.srt"), library.join("letters.he.srt"))?;
    Ok(())
}

/// The first lines of the English dialogue, each with its translation by the Apertium command.
pub fn first_lines_in_spanish(count: usize) -> Result<Vec<(String, String)>> {
    let dialogue = fs::read_to_string(root().join("manifests/samples/films/harbour.en.srt"))?;
    let lines = cues(&dialogue).into_iter().take(count).map(|cue| cue.trim().replace('\n', " "));
    let translated = |line: String| {
        let mut apertium = Command::new("sh");
        apertium.args(["-c", "printf %s \"$1\" | apertium -u eng-spa", "sh", &line]);
        let spanish = output(&mut apertium)?;
        Ok((line, spanish))
    };
    lines.map(translated).collect()
}
