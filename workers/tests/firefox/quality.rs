//! How good the translations of a set of dialogue are, beside those of the bare engine: the set is this project's own, with one or
//! two references for each cue.

use fxtranslate::engine::Engine;
use subtitle_fakes::engines::film;
use subtitle_tests::samples::chrf::chrf;
use subtitle_workers::{
    subtitle::Subtitle,
    translate::{Engines, engines},
    translator::standalone::{self, StandaloneRequest},
};

use crate::{dialogue, engine, installed};

/// The least score of the set.
const GOOD: f64 = 70.0;
/// The least share of the bare engine's score.
const AS_GOOD: f64 = 0.97;

#[tokio::test]
async fn dialogue_is_translated_well_no_cue_is_refused_and_none_is_left() {
    let Some(folder) = installed("firefox-quality") else { return };
    subtitle_workers::program::common::init_tls();
    let rows = dialogue::rows();
    assert!(rows.len() >= 200);
    let english = rows.iter().map(|row| (row[0], row[1..].to_vec()));
    let portuguese = rows.iter().map(|row| (row[1], vec![row[0]]));
    for (from, to, set) in [("en", "pt-BR", english.collect::<Vec<_>>()), ("pt-BR", "en", portuguese.collect())] {
        let sources: Vec<&str> = set.iter().map(|(source, _)| *source).collect();
        let spec = serde_json::json!({ "video": { "title": "Harbour" }, "language": to });
        let request = StandaloneRequest {
            engines: Engines::default().with(engine(&folder)),
            order: vec![engines::from_name("firefox").expect("an engine")],
            text: film(&sources),
            from: from.to_owned(),
            glossary: None,
            spec: serde_json::from_value(spec).expect("a spec"),
        };
        let done = standalone::translate(request, |_| {}).await;
        let done = done.unwrap_or_else(|failed| panic!("{from} to {to}: {}", failed.error_message));
        assert_eq!(done.result.untranslated, None);
        let cues = Subtitle::read(&done.text).expect("cues").cues;
        let answers: Vec<String> = cues.iter().map(|cue| cue.text.replace('\n', " ")).collect();
        for (source, answer) in sources.iter().zip(&answers) {
            assert!(source != answer || source.split(' ').count() < 3, "left as it was: {source}");
        }
        let name = format!("{}-{}", &from[..2], &to[..2]);
        let file = |kind: &str| folder.join(&name).join(kind.replace("PAIR", &name.replace('-', "")));
        let words = file("vocab.PAIR.spm");
        let bare = Engine::load(file("model.PAIR.intgemm.alphas.bin"), &words, &words).expect("loads");
        let bare: Vec<String> = sources.chunks(32).flat_map(|chunk| bare.translate_batch(chunk)).collect();
        let scored = |answers: &[String]| {
            chrf(answers.iter().map(String::as_str).zip(set.iter().map(|(_, references)| references.clone())))
        };
        let (ours, theirs) = (scored(&answers), scored(&bare));
        println!("{from} to {to}: chrF {ours:.1}, the bare engine's {theirs:.1}");
        assert!(
            ours >= GOOD && ours >= AS_GOOD * theirs,
            "{from} to {to}: chrF {ours:.1}, the bare engine's {theirs:.1}"
        );
    }
}
