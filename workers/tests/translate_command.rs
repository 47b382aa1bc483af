//! `subtitles translate` as a person or a script meets it, with the installed Apertium.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use serde_json::Value;

const FILM: &str = "1\n00:00:01,000 --> 00:00:02,000\nThe <i>house</i> is big.\n\n2\n00:00:03,000 --> 00:00:04,000\n- \
                    Where is the captain?\n- He is at home.\n";

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("subtitles-{name}-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.join(name);
        fs::write(&path, text).expect("written");
        path.to_string_lossy().into_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_subtitles"));
    command.arg("translate").args(arguments).output().expect("starts")
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_file_is_translated_with_its_tags_speakers_and_times() {
    let folder = Folder::new("translate");
    let (film, out) = (folder.file("a.srt", FILM), folder.0.join("b.srt").to_string_lossy().into_owned());
    let output = run(&[&film, "--from", "en", "--to", "es", "--out", &out, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!((&report["cues"], &report["engine"], &report["to"]), (&2.into(), &"apertium".into(), &"es".into()));
    let spanish = fs::read_to_string(&out).expect("written");
    assert!(spanish.starts_with("1\n00:00:01,000 --> 00:00:02,000\nLa <i>casa</i> es grande.\n\n2\n"), "{spanish}");
    assert_eq!(spanish.matches("\n- ").count(), 2, "{spanish}");

    let shown = run(&[&film, "--from", "en", "--to", "es"]);
    assert_eq!(said(&shown.stdout), spanish, "the same on standard output");
    assert_eq!(said(&shown.stderr), "", "no progress where nobody sees it");
}

#[test]
fn what_the_checks_refuse_is_not_written_and_ends_with_5_and_the_cues() {
    let folder = Folder::new("refused");
    // Apertium knows none of these words and leaves them.
    let film = folder.file("a.srt", &FILM.replace("The <i>house</i> is big.", "xkcdish zorblik grumpkins wibblezon"));
    let out = folder.0.join("b.srt").to_string_lossy().into_owned();
    let output = run(&[&film, "--from", "en", "--to", "es", "--out", &out]);
    assert_eq!(output.status.code(), Some(5), "{}", said(&output.stderr));
    assert!(said(&output.stderr).contains("TranslationIncomplete: ") && said(&output.stderr).contains("cue 1: "));
    assert!(!folder.0.join("b.srt").exists());
}

#[test]
fn an_impossible_pair_or_an_engine_that_is_not_configured_ends_with_4() {
    let folder = Folder::new("impossible");
    let film = folder.file("a.srt", FILM);
    for (arguments, words) in [
        (&["--to", "fi"][..], "LanguagePairUnsupported: "),
        (&["--to", "es", "--engine", "deepl"], "it is not configured: set the variables SUBTITLES_DEEPL_*"),
    ] {
        let output = run(&[&[film.as_str(), "--from", "en"], arguments].concat());
        assert_eq!((output.status.code(), output.stdout.len()), (Some(4), 0));
        assert!(said(&output.stderr).contains(words), "{}", said(&output.stderr));
    }
}

#[test]
fn a_glossary_is_kept_to_and_a_wrong_one_ends_with_1_and_its_line() {
    let folder = Folder::new("glossary");
    let film = folder.file("a.srt", &FILM.replace("The <i>house</i> is big.", "Mr. Brown is at <i>home</i>."));
    let names = folder.file("names.txt", "# who is who\nBrown = Brown\ncaptain = patrón\n");
    let output = run(&[&film, "--from", "en", "--to", "es", "--glossary", &names]);
    let spanish = said(&output.stdout);
    assert!(spanish.contains("Brown") && spanish.contains("patrón"), "{spanish}{}", said(&output.stderr));

    let wrong = folder.file("wrong.txt", "Brown = Brown\ncaptain\n");
    let output = run(&[&film, "--from", "en", "--to", "es", "--glossary", &wrong]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(said(&output.stderr).contains("line 2 is 'captain': '=' is missing"), "{}", said(&output.stderr));
}

#[test]
fn a_sentence_over_two_cues_is_translated_as_one_and_parted_again() {
    let folder = Folder::new("sentence");
    let film = "1\n00:00:01,000 --> 00:00:02,000\nWe should have\n\n2\n00:00:02,100 --> 00:00:04,000\ngone home before the storm.\n";
    let output = run(&[&folder.file("a.srt", film), "--from", "en", "--to", "es"]);
    let spanish = said(&output.stdout);
    assert!(spanish.contains("\nTendríamos que haber\n\n2\n"), "'have' is no possession here: {spanish}");
    assert!(spanish.contains("\nido casa antes de la tormenta.\n"), "{spanish}");
}
