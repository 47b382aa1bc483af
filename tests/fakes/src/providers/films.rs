//! The texts of the fake providers' subtitle files, long enough for language detection, and zips of them. Pure.

use std::{fmt::Write as _, io::Write as _};

use zip::{ZipWriter, write::SimpleFileOptions};

const SPANISH: [&str; 5] = [
    "El barco sale del puerto al mediodía y no vuelve hasta la noche.",
    "Nadie sabe adónde se fue el capitán después de la tormenta.",
    "Ella me dijo que las cartas están escondidas en la casa vieja.",
    "¿Por qué no me lo contaste antes de que llegara el invierno?",
    "Tendríamos que habernos quedado en la isla con los demás.",
];
const ENGLISH: [&str; 5] = [
    "The boat leaves the harbour at noon and will not return before night.",
    "Nobody knows where the captain went after the storm.",
    "She told me that the letters are hidden in the old house.",
    "Why did you not tell me about this before the winter came?",
    "We should have stayed on the island with the others.",
];

const PORTUGUESE: [&str; 5] = [
    "O barco sai do porto ao meio-dia e não volta antes da noite.",
    "Ninguém sabe para onde foi o capitão depois da tempestade.",
    "Ela disse-me que as cartas estão escondidas na casa velha.",
    "Por que não me contaste isso antes de chegar o inverno?",
    "Devíamos ter ficado na ilha com os outros.",
];

/// A word in every Spanish and Portuguese cue; decoding with the wrong charset spoils it.
pub const CLEAN: &str = "número";

fn text(lines: &[&str], mark: &str) -> String {
    let mut text = String::new();
    for at in 0..30 {
        let (minute, second) = (at * 4 / 60, at * 4 % 60);
        let line = lines[at % lines.len()];
        let times = format!("00:{minute:02}:{second:02},000 --> 00:{minute:02}:{second:02},900");
        let _ = write!(text, "{}\n{times}\n{line} {mark} {at}\n\n", at + 1);
    }
    text
}

/// A Spanish SRT file with `name` in each cue.
pub fn spanish(name: &str) -> String {
    text(&SPANISH, &format!("{CLEAN} {name}"))
}

/// An English SRT file with `name` in each cue.
pub fn english(name: &str) -> String {
    text(&ENGLISH, &format!("number {name}"))
}

/// An SRT file in the language of a provider's language code.
pub(super) fn in_language(code: &str, name: &str) -> String {
    match code.to_ascii_lowercase().as_str() {
        "es" | "spa" => spanish(name),
        "pt-pt" | "pt-br" => text(&PORTUGUESE, &format!("{CLEAN} {name}")),
        _ => english(name),
    }
}

/// A zip with one file whose name is in a legacy charset, as DOS programs wrote it; current writers cannot.
pub(super) fn zipped_under(name: &[u8], bytes: &[u8]) -> Vec<u8> {
    let stand_in = "x".repeat(name.len());
    let mut zip = zipped(&[(&stand_in, bytes)]);
    // The name stands in the local header and in the central directory.
    for at in 0..zip.len() - name.len() {
        if &zip[at..at + name.len()] == stand_in.as_bytes() {
            zip[at..at + name.len()].copy_from_slice(name);
        }
    }
    zip
}

/// A zip of files.
pub fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, SimpleFileOptions::default()).expect("starts");
        zip.write_all(bytes).expect("written");
    }
    zip.finish().expect("a zip").into_inner()
}
