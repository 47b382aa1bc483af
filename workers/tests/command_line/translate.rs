//! `subtitles translate` as a person or a script meets it, with the installed Apertium.

use std::{fs, process::Output};

use serde_json::Value;

use super::{Folder, text};

const FILM: &str = "1\n00:00:01,000 --> 00:00:02,000\nThe <i>house</i> is big.\n\n2\n00:00:03,000 --> 00:00:04,000\n- \
                    Where is the captain?\n- He is at home.\n";

fn run(arguments: &[&str]) -> Output {
    super::run(&[&["translate"], arguments].concat(), b"")
}

#[test]
fn a_file_is_translated_with_its_tags_speakers_and_times() {
    let folder = Folder::new("translate");
    let (film, out) = (folder.file("a.srt", FILM), folder.0.join("b.srt").to_string_lossy().into_owned());
    let output = run(&[&film, "--from", "en", "--to", "es", "--out", &out, "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).expect("one object");
    assert_eq!((&report["cues"], &report["engine"], &report["to"]), (&2.into(), &"apertium".into(), &"es".into()));
    let spanish = fs::read_to_string(&out).expect("written");
    assert!(spanish.starts_with("1\n00:00:01,000 --> 00:00:02,000\nLa <i>casa</i> es grande.\n\n2\n"), "{spanish}");
    assert_eq!(spanish.matches("\n- ").count(), 2, "{spanish}");

    let shown = run(&[&film, "--from", "en", "--to", "es"]);
    assert_eq!(text(&shown.stdout), spanish, "the same on standard output");
    assert_eq!(text(&shown.stderr), "", "no progress where nobody sees it");
}

#[test]
fn what_the_checks_refuse_is_not_written_and_ends_with_5_and_the_cues() {
    let folder = Folder::new("refused");
    // Apertium knows none of these words and leaves them.
    let film = folder.file("a.srt", FILM.replace("The <i>house</i> is big.", "xkcdish zorblik grumpkins wibblezon"));
    let out = folder.0.join("b.srt").to_string_lossy().into_owned();
    let output = run(&[&film, "--from", "en", "--to", "es", "--out", &out]);
    assert_eq!(output.status.code(), Some(5), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("TranslationIncomplete: ") && text(&output.stderr).contains("cue 1: "));
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
        assert!(text(&output.stderr).contains(words), "{}", text(&output.stderr));
    }
}

#[test]
fn a_glossary_is_kept_to_and_a_wrong_one_ends_with_1_and_its_line() {
    let folder = Folder::new("glossary");
    let film = folder.file("a.srt", FILM.replace("The <i>house</i> is big.", "Mr. Brown is at <i>home</i>."));
    let names = folder.file("names.txt", "# who is who\nBrown = Brown\ncaptain = patrón\n");
    let output = run(&[&film, "--from", "en", "--to", "es", "--glossary", &names]);
    let spanish = text(&output.stdout);
    assert!(spanish.contains("Brown") && spanish.contains("patrón"), "{spanish}{}", text(&output.stderr));

    let wrong = folder.file("wrong.txt", "Brown = Brown\ncaptain\n");
    let output = run(&[&film, "--from", "en", "--to", "es", "--glossary", &wrong]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(text(&output.stderr).contains("line 2: '=' is missing"), "{}", text(&output.stderr));
}

#[test]
fn a_sentence_over_two_cues_is_translated_as_one_and_split_again() {
    let folder = Folder::new("sentence");
    let film = "1\n00:00:01,000 --> 00:00:02,000\nWe should have\n\n2\n00:00:02,100 --> 00:00:04,000\ngone home before the storm.\n";
    let output = run(&[&folder.file("a.srt", film), "--from", "en", "--to", "es"]);
    let spanish = text(&output.stdout);
    assert!(spanish.contains("\nTendríamos que haber\n\n2\n"), "'have' is no possession here: {spanish}");
    assert!(spanish.contains("\nido casa antes de la tormenta.\n"), "{spanish}");
}

/// A file of each kind that used to be written untranslated, or with cues missing, and what its translation has.
const WHOLE: [(&str, &str, &[&str]); 4] = [
    (
        "auto.vtt",
        "WEBVTT\nKind: captions\n\n00:00.160 --> 00:03.360 align:start position:0%\n \nthe<00:00.493><c> house</c><00:00.827><c> is</c><00:01.160><c> big</c>\n\n00:03.360 --> 00:03.370\nthe house is big\n \n\n00:03.370 --> 00:06.570\nthe house is big\nwhere<00:04.100><c> is</c><00:04.500><c> the</c><00:05.000><c> captain</c>\n\n00:06.570 --> 00:06.580\nwhere is the captain\n \n\n00:06.580 --> 00:09.000\nwhere is the captain\nhe<00:07.000><c> is</c><00:07.500><c> at</c><00:08.000><c> home</c>\n\n00:09.000 --> 00:10.000\nhe is at home\n \n",
        &["la casa es grande", "el capitán"],
    ),
    (
        "marks.vtt",
        "WEBVTT\n\n00:01.000 --> 00:03.000\n< Where is the captain?\n\n00:04.000 --> 00:06.000\nThe house is big.\n< He is at home.\n",
        &["< Dónde es el capitán?", "La casa es grande.\n<"],
    ),
    (
        "commas.vtt",
        "WEBVTT\n\n1\n00:00:01,000 --> 00:00:04,000\nThe house is big.\n\n2\n00:00:05,000 --> 00:00:08,000\nWhere is the captain?\n\n3\n00:00:20.000 --> 00:00:22.000\nHe is at home.\n",
        &["La casa es grande.", "el capitán?", "en casa."],
    ),
    (
        "speakers.srt",
        "1\n00:00:01,000 --> 00:00:04,000\n- Where is\nthe captain?\n- He is at home.\n\n2\n00:00:05,000 --> 00:00:08,000\nThe house is big.\n- Yes.\n",
        &["\n- Dónde es\nel capitán?\n- ", "\nLa casa es grande.\n- Sí.\n"],
    ),
];

#[test]
fn nothing_stays_in_the_sources_language_and_no_cue_is_missing() {
    let folder = Folder::new("whole");
    for (name, source, parts) in WHOLE {
        let file = folder.file(name, source);
        let out = folder.path("out.srt");
        let output = run(&[&file, "--from", "en", "--to", "es", "--out", &out, "--force"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
        let spanish = fs::read_to_string(&out).expect("written");
        for part in parts {
            assert!(spanish.to_lowercase().contains(&part.to_lowercase()), "{name}: {part:?} is missing: {spanish}");
        }
        for english in ["house", "captain", "where", "home"] {
            assert!(!spanish.to_lowercase().contains(english), "{name}: {spanish}");
        }
    }
}

#[test]
fn a_file_of_which_cues_would_be_missing_or_untranslated_is_refused_with_5_unless_the_rest_is_wanted() {
    let folder = Folder::new("incomplete");
    let unread = FILM.replace("00:00:01,000 -->", "00:0x:01,000 -->");
    let times = FILM.replace("The <i>house</i> is big.", "He said 00:00:07,000 --> 00:00:09,000 to me.");
    let header = "[Script Info]\nScriptType: v4.00+\n\n[Events]\nFormat: Start, End, Text\n";
    let sung = "Dialogue: 0:00:01.00,0:00:02.00,{\\k20}The {\\k30}house {\\k10}is big\n";
    let spoken = "Dialogue: 0:00:03.00,0:00:04.00,Where is the captain?\n";
    for (name, source, words) in [
        ("unread.srt", unread, "line 2: "),
        ("times.srt", times, "cue 1"),
        ("song.ass", format!("{header}{sung}{sung}{spoken}"), "cue 2: it was not sent"),
    ] {
        let file = folder.file(name, source);
        let output = run(&[&file, "--from", "en", "--to", "es"]);
        assert_eq!((output.status.code(), text(&output.stdout).as_str()), (Some(5), ""), "{name}");
        assert!(text(&output.stderr).contains(words), "{name}: {}", text(&output.stderr));
        let output = run(&[&file, "--from", "en", "--to", "es", "--partial"]);
        assert_eq!(output.status.code(), Some(0), "{name}: {}", text(&output.stderr));
    }
    let file = folder.file("one-song.ass", format!("{header}{sung}{spoken}{spoken}"));
    let output = run(&[&file, "--from", "en", "--to", "es"]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("warning: 1 cues are not translated: 1"), "{}", text(&output.stderr));
}

#[test]
fn what_the_reader_repaired_and_another_language_than_said_are_told() {
    let folder = Folder::new("told");
    let file = folder.file("a.srt", FILM.replace("00:00:01,000 -->", "00:00:01.000 ->"));
    let output = run(&[&file, "--from", "en", "--to", "es"]);
    assert!(text(&output.stderr).contains("warning: line 2: irregular-time: "), "{}", text(&output.stderr));
    let russian = "1\n00:00:01,000 --> 00:00:02,000\nФонарь погас раньше, чем мы дошли до моста.\n";
    let output = run(&[&folder.file("b.srt", russian), "--from", "en", "--to", "es"]);
    assert_ne!(output.status.code(), Some(0));
    assert!(text(&output.stderr).contains("Cyrillic script, not in 'en'"), "{}", text(&output.stderr));
}
