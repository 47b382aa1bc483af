//! Each rule broken once, and what looks broken but is not.

use subtitle_contract::language::Language;

use super::*;
use crate::translate::text::glossary::NO_TERMS;

fn tag(text: &str) -> Language {
    Language::parse(text).expect("a tag")
}

fn checked(source: &str, translation: &str) -> Option<Rule> {
    piece(source, translation, Pair { from: &tag("en"), to: &tag("es"), checks_language: true, glossary: &NO_TERMS })
}

fn lines<'a>(texts: &[(&'a str, &'a str)]) -> Vec<Line<'a>> {
    let line = |(at, (source, translation)): (usize, &(&'a str, &'a str))| Line { cue: at + 1, source, translation };
    texts.iter().enumerate().map(line).collect()
}

fn checked_whole(texts: &[(&str, &str)]) -> Result<(), RejectedTranslation> {
    whole(&lines(texts), Pair { from: &tag("en"), to: &tag("es"), checks_language: true, glossary: &NO_TERMS })
}

#[test]
fn a_good_translation_passes() {
    for (source, translation) in [
        ("Anna!", "Anna!"),
        ("Go <i>home</i> now", "Ve a <i>casa</i> ahora"),
        ("OK", "OK"),
        ("See <x0/> and <x1/>", "Mira <x1/> y <x0/>"),
    ] {
        assert_eq!(checked(source, translation), None, "{translation}");
    }
}

#[test]
fn a_cue_without_a_translation_never_ships() {
    for nothing in ["", "  ", "...", "<i> </i>"] {
        assert_eq!(checked("Go home now", nothing), Some(Rule::Empty), "{nothing}");
    }
}

#[test]
fn every_tag_comes_back_exactly_once_and_balanced() {
    let source = "Go <i>home</i> now, <x0/>Anna";
    for (translation, why) in [
        ("Ve a casa ahora, <x0/>Anna", "lost"),
        ("Ve <i>a</i> <i>casa</i>, <x0/>Anna", "doubled"),
        ("Ve a <i>casa</i> ahora, <x1/>Anna", "another"),
        ("Ve a </i>casa<i> ahora, <x0/>Anna", "closed before it opens"),
    ] {
        assert_eq!(checked(source, translation), Some(Rule::Tags), "{why}");
    }
}

#[test]
fn a_sentence_left_in_the_source_language_never_ships() {
    assert_eq!(checked("We should have gone home", "We should have gone home."), Some(Rule::Unchanged));
    for untranslatable in ["Anna Maria Brown", "No, no, no", "Hasta la vista, baby, nos vemos pronto"] {
        assert_eq!(checked(untranslatable, untranslatable), None, "{untranslatable}");
    }
}

#[test]
fn a_long_line_in_a_third_language_never_ships() {
    let (source, german) = (
        "We should have gone home much earlier tonight, Anna",
        "Wir hätten heute schon viel früher nach Hause gehen sollen, Anna",
    );
    assert_eq!(checked(source, german), Some(Rule::Language));
    assert_eq!(checked(source, "Мы должны были уйти домой намного раньше, Анна, этим вечером"), Some(Rule::Language));
    assert_eq!(checked(source, "Tendríamos que habernos ido a casa mucho antes esta noche, Anna"), None);
}

#[test]
fn formats_thoughts_and_prompts_never_ship() {
    for leaked in [
        "```json Ve a casa",
        "{\"id\": 1, \"text\": \"Ve a casa\"}",
        "Tom &amp; Ana van a casa",
        "Here is the translation: ve a casa",
    ] {
        assert!(matches!(checked("Go home now", leaked), Some(Rule::Leaked(_))), "{leaked}");
    }
    assert_eq!(checked("It says &amp; here", "Dice &amp; aquí"), None, "the film's own");
}

#[test]
fn answers_that_may_be_anothers_are_doubted() {
    assert!(is_doubtful("Room 17 is free", "La habitación 18 está libre"));
    assert!(is_doubtful("We should have gone home before the storm", "Sí."));
    assert!(!is_doubtful("Room 17 is free", "La habitación 17 está libre"));
    assert!(!is_doubtful("Yes.", "Sí."));
}

#[test]
fn a_run_of_one_text_for_different_sources_never_ships() {
    let stuck = "No queda nadie aquí";
    let texts = [("The boats are gone", stuck), ("Where is the captain", stuck), ("He left this morning", stuck)];
    let rejected = checked_whole(&texts).expect_err("stuck");
    assert_eq!(rejected.numbers(), [2, 3]);
    assert_eq!(checked_whole(&[("Yes.", "Sí."), ("Yeah.", "Sí."), ("Yep.", "Sí.")]), Ok(()));
}

#[test]
fn at_most_one_of_twenty_longer_pieces_comes_back_unchanged() {
    let names = ("Anna Maria Brown", "Anna Maria Brown");
    let mut texts = vec![("Where is the captain", "Dónde está el capitán"); 38];
    texts.extend([names, names]);
    assert_eq!(checked_whole(&texts), Ok(()));
    texts.push(names);
    assert_eq!(checked_whole(&texts).expect_err("3 of 41").numbers(), [39, 40, 41]);
}

#[test]
fn another_language_or_script_than_asked_for_never_ships() {
    let german =
        "Wir hätten nach Hause gehen sollen, bevor der Sturm kam, und niemand weiß, wohin der Kapitän gegangen ist";
    let russian = "Мы должны были уйти домой раньше";
    let sources = ["one is here", "two is here", "three is here", "four is here", "five is here", "six is here"];
    let of =
        |translation| -> Vec<(&'static str, &'static str)> { sources.map(|source| (source, translation)).to_vec() };
    for (translation, found) in [(german, "de"), (russian, "Cyrillic script")] {
        // One line is no run: each differs from its neighbours by a word of its own.
        let texts = of(translation);
        let own: Vec<String> =
            texts.iter().enumerate().map(|(at, (_, text))| format!("{text} {}", "x".repeat(at))).collect();
        let texts: Vec<(&str, &str)> = sources.into_iter().zip(own.iter().map(String::as_str)).collect();
        let rejected = checked_whole(&texts).expect_err("another language");
        assert_eq!(rejected, RejectedTranslation::Language { wanted: "es".to_owned(), found: found.to_owned() });
    }
}

#[test]
fn a_cue_that_was_lost_or_moved_never_ships() {
    let read = |text: &str| Subtitle::read(text).expect("cues");
    let source = read("1\n00:00:01,000 --> 00:00:02,000\nTea?\n\n2\n00:00:03,000 --> 00:00:04,000\nYes.\n");
    let lost = read("1\n00:00:01,000 --> 00:00:02,000\nTé?\n");
    let moved = read("1\n00:00:01,000 --> 00:00:02,000\nTé?\n\n2\n00:00:03,500 --> 00:00:04,000\nSí.\n");
    assert_eq!(frame(&source, &source), Ok(()));
    assert_eq!(frame(&source, &lost), Err(RejectedTranslation::Count { expected: 2, found: 1 }));
    assert_eq!(frame(&source, &moved), Err(RejectedTranslation::Moved { cue: 2 }));
}

#[test]
fn a_rejection_names_its_cues() {
    let violation = |cue| Violation { cue, rule: Rule::Empty };
    let rejected = RejectedTranslation::cues((1..=7).map(violation).collect(), &[]);
    let said = rejected.to_string();
    assert!(said.contains("cue 1: nothing came back") && said.ends_with("; and cues 6, 7"), "{said}");
}

#[test]
fn songs_that_stay_in_the_sources_language_are_rejected_and_others_are_not() {
    let english = "We should have gone home before the storm, Anna, long before";
    let japanese = "yoru no umi wa shizuka de mado ni hikari ga hitotsu";
    for (unsent_cues, sent, is_rejected) in [
        (vec![], 0, false),
        (vec![(3, "Sailing home")], 5, false),
        (vec![(3, "Sailing home")], 0, true),
        (vec![(1, english)], 100, true),
        (vec![(1, japanese)], 100, false),
    ] {
        let pair = Pair { from: &tag("en"), to: &tag("es"), checks_language: true, glossary: &NO_TERMS };
        let rejected = unsent(&unsent_cues, sent, pair).map_err(|rejected| rejected.numbers());
        let numbers: Vec<usize> = unsent_cues.iter().map(|(cue, _)| *cue).collect();
        assert_eq!(rejected, if is_rejected { Err(numbers) } else { Ok(()) }, "{unsent_cues:?}");
    }
}
