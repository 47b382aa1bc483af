//! Lines that are taken apart and put together, with a model whose answers the test provides.

use subtitle_contract::language::Language;

use super::*;
use crate::translate::text::glossary::{GlossaryTerms, NO_TERMS};

/// A translation, with the source's word that each of its words comes from.
fn aligned(source: &str, text: &str, from: &[usize]) -> Aligned {
    let (mut words, mut at) = (Vec::new(), 0);
    for word in source.split_whitespace() {
        words.push(at + 1);
        at += word.chars().count() + 1;
    }
    // The model's words and punctuation marks.
    let (mut units, mut begin) = (Vec::new(), 0);
    for (word, from) in text.split_whitespace().zip(from) {
        let start = begin + text[begin..].find(word).expect("a word");
        begin = start + word.len();
        units.push(Unit { range: start..begin, from: words[*from] });
    }
    words.push(at + 1);
    Aligned { text: text.to_owned(), units, words }
}

fn translated(line: &str, glossary: &GlossaryTerms, answers: &[(&str, &str, &[usize])]) -> String {
    let to = Language::parse("pt").expect("a tag");
    Line::new(line, glossary).assembled(|sentence| {
        let answers = sentence.forms().filter_map(|form| answers.iter().find(|(source, ..)| *source == form));
        let answers: Vec<(&str, Aligned)> =
            answers.map(|(source, text, from)| (*source, aligned(source, text, from))).collect();
        assert!(!answers.is_empty(), "'{:?}' was sent", sentence.forms().collect::<Vec<_>>());
        sentence.translated(|form| answers.iter().find(|(source, _)| *source == form).map(|(_, answer)| answer), &to)
    })
}

#[test]
fn tags_go_around_the_words_that_say_what_they_were_around() {
    let house: &[(&str, &str, &[usize])] = &[("The big house burned.", "A casa grande ardeu.", &[0, 2, 1, 3])];
    for (line, expected) in [
        ("The <i>big</i> house burned.", "A casa <i>grande</i> ardeu."),
        ("<i>The big house burned.</i>", "<i>A casa grande ardeu.</i>"),
        ("The <x0/>big<x1/> house burned.", "A casa <x0/>grande<x1/> ardeu."),
        ("The <b>big <i>house</i></b> burned.", "A <b><i>casa</i> grande</b> ardeu."),
        ("The big house<j/> burned.", "A casa grande<j/> ardeu."),
        ("The big house <x0/> burned.", "A casa grande <x0/> ardeu."),
        ("The big house {2} burned.", "A casa grande {2} ardeu."),
    ] {
        assert_eq!(translated(line, &NO_TERMS, house), expected);
    }
}

#[test]
fn a_tag_stays_inside_of_an_answer_that_loses_its_end() {
    let answer: &[(&str, &str, &[usize])] = &[("The big house", "A casa grande.", &[0, 2, 1])];
    assert_eq!(translated("The <i>big</i> house", &NO_TERMS, answer), "A casa <i>grande</i>");
}

#[test]
fn tags_beyond_what_is_placed_follow_their_sentence() {
    let answer: &[(&str, &str, &[usize])] = &[("ab is here.", "ab está aqui.", &[0, 1, 2])];
    let line = format!("a{}b is here.", "<i>".repeat(100_000));
    let assembled = translated(&line, &NO_TERMS, answer);
    assert_eq!(assembled.matches("<i>").count(), 100_000);
    assert!(assembled.ends_with("<i>") && assembled.replace("<i>", "") == "ab está aqui.");
}

#[test]
fn the_glossarys_terms_stand_where_their_translations_did() {
    let glossary = GlossaryTerms::new(
        subtitle_contract::glossary::parse("Brown = Castanho\nharbour master = capitão do porto").expect("parses"),
    );
    let answers: &[(&str, &str, &[usize])] =
        &[("Brown saw the harbour master yesterday.", "Brown viu o mestre portuário ontem.", &[0, 1, 2, 4, 3, 5])];
    let expected = "Castanho viu o capitão do porto ontem.";
    assert_eq!(translated("Brown saw the harbour master yesterday.", &glossary, answers), expected);
    let lost: &[(&str, &str, &[usize])] = &[("Then Brown left.", "Depois saiu.", &[0, 2])];
    assert!(translated("Then Brown left.", &glossary, lost).contains("Castanho"));
}

#[test]
fn what_is_no_sentence_is_kept_and_casing_returns() {
    let answers: &[(&str, &str, &[usize])] = &[
        ("Get down!", "Abaixe-se!", &[0]),
        ("gunshot", "Tiro.", &[0]),
        ("and then he left", "E depois ele partiu.", &[0, 1, 2, 3]),
    ];
    for (line, expected) in [
        ("GET DOWN! [gunshot]", "ABAIXE-SE! [tiro]"),
        ("...and then he left --", "...e depois ele partiu --"),
        ("« GET DOWN! » ♪", "« ABAIXE-SE! » ♪"),
        ("1999 - 2001", "1999 - 2001"),
        ("{2} ♪ {a_b}", "{2} ♪ {a_b}"),
        ("", ""),
    ] {
        assert_eq!(translated(line, &NO_TERMS, answers), expected);
    }
}

proptest::proptest! {
    #[test]
    fn every_tag_comes_back_once_whatever_the_line_and_the_alignment(
        pieces in proptest::collection::vec("(<i>|</i>|<x0/>|<j/>|[a-zA-Zé]{1,6}|[ .,!?\\[\\]()♪\"-]| ){1,3}", 0..12),
        from in proptest::collection::vec(0usize..40, 8),
    ) {
        let line = pieces.concat();
        let to = Language::parse("pt").expect("a tag");
        let assembled = Line::new(&line, &NO_TERMS).assembled(|sentence| {
            let sent = sentence.forms().next().expect("a form");
            let count = sent.split_whitespace().count().max(1);
            let from: Vec<usize> = from.iter().map(|at| at % count).collect();
            let answer = aligned(sent, "um dois três quatro cinco seis sete oito. (nota)", &from);
            sentence.translated(|_| Some(&answer), &to)
        });
        let tags = |text: &str| {
            let mut tags: Vec<String> = crate::subtitle::markup::inline::pieces(text)
                .into_iter().filter(|(is_tag, _)| *is_tag).map(|(_, tag)| tag.to_owned()).collect();
            tags.sort();
            tags
        };
        proptest::prop_assert_eq!(tags(&line), tags(&assembled), "{} -> {}", line, assembled);
    }
}
