//! What can be shown while the system compiles: the installed engine at once, and then the command line with the sample film. Does I/O.

use std::{fs, path::Path, process::Command};

use anyhow::Result;
use subtitle_tests::{
    process::output,
    samples::{cues, videos},
    stack,
};

/// Cues shown side by side.
const SHOWN: usize = 5;
/// Width of a column of text, in characters.
const COLUMN: usize = 42;

/// Prints what Apertium, the engine of the translators, makes of the film's first lines: it is installed, not compiled.
pub(super) fn first_lines(tell: &dyn Fn(&str)) -> Result<()> {
    tell("while everything compiles, what Apertium makes of the sample film's first lines:");
    for (english, spanish) in videos::first_lines_in_spanish(3)? {
        tell(&format!("           {english:<COLUMN$}  {spanish}"));
    }
    Ok(())
}

/// Finds the track in the sample film and translates it, with the program `subtitles`; prints both.
pub(super) fn show(subtitles: &Path, folder: &Path, models: Option<&Path>, tell: &dyn Fn(&str)) -> Result<()> {
    videos::make(folder)?;
    let (language, place) = (if models.is_some() { "pt-BR" } else { "es" }, folder.join("models"));
    if let Some(archive) = models {
        stack::import(subtitles, archive, &place)?;
    }
    let run = |arguments: &[&str]| {
        output(Command::new(subtitles).args(arguments).env("SUBTITLES_MODELS", &place).current_dir(folder))
    };
    tell("$ subtitles find harbour.mkv --language en");
    for line in run(&["find", "harbour.mkv", "--language", "en"])?.lines() {
        tell(&format!("           {line}"));
    }
    run(&["get", "harbour.mkv", "--language", "en"])?;
    let out = format!("harbour.{language}.srt");
    tell(&format!("$ subtitles translate harbour.en.srt --from en --to {language} --out {out}"));
    run(&["translate", "harbour.en.srt", "--from", "en", "--to", language, "--out", &out])?;
    let (english, translation) =
        (fs::read_to_string(folder.join("harbour.en.srt"))?, fs::read_to_string(folder.join(out))?);
    for (english, translation) in cues(&english).into_iter().zip(cues(&translation)).take(SHOWN) {
        let line = |cue: &str| cue.trim_end().replace('\n', " / ");
        tell(&format!("           {:<COLUMN$}  {}", line(english), line(translation)));
    }
    Ok(())
}
