//! Names as people, players, muxers and release groups write them.

use subtitle_contract::language::Language;

use super::*;

fn shown(name: &SidecarName) -> String {
    let flags = [(name.forced, "forced"), (name.hearing_impaired, "hi"), (name.is_commentary, "commentary")];
    let flags: Vec<&str> = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| *flag).collect();
    [name.language.as_str(), &flags.join(",")].join(" ").trim().to_owned()
}

#[test]
fn a_sidecar_says_its_language_and_its_kind_in_many_spellings() {
    let stems = Stems::new("Blade (1982)", ["Blade (1982).mkv"]);
    for (name, expected) in [
        (".hi.eng.srt", "en hi"),
        (".es.non-forced.srt", "es"),
        (".en.not.sdh.srt", "en"),
        (".Espanol.srt", "es"),
        (".francais.srt", "fr"),
        (".Turkce.srt", "tr"),
        (".esp.srt", "es"),
        (".ptbr.srt", "pt-BR"),
        (".Brazilian.srt", "pt-BR"),
        (".Latino.srt", "es-419"),
        (".vostfr.srt", "fr"),
        (".jp.srt", "ja"),
        (".cz.srt", "cs"),
        (".dk.srt", "da"),
        (".gr.srt", "el"),
        (".vn.srt", "vi"),
        (".ua.srt", "uk"),
        (".kr.srt", "ko"),
        (".sc.ass", "zh-Hans"),
        (".tc.ass", "zh-Hant"),
        (".big5.srt", "zh-Hant"),
        (".forced.en.srt", "en forced"),
        (".eng.forced.srt", "en forced"),
        (".English - SDH.srt", "en hi"),
        (".(en)(sdh).srt", "en hi"),
        (".pb.srt", "pt-BR"),
        (".pt-BR.srt", "pt-BR"),
        (".pt.br.srt", "pt-BR"),
        (".br.srt", "br"),
        (".zh.tw.srt", "zh-Hant"),
        (".Hindi.hi.srt", "hi hi"),
        (".pt_BR.srt", "pt-BR"),
        (".zh-Hant.srt", "zh-Hant"),
        (".cht.srt", "zh-Hant"),
        (".chi.srt", "zh"),
        (".es-419.srt", "es-419"),
        (".spa_latin.srt", "es-419"),
        (".yue.srt", "yue"),
        (".fil.srt", "tl"),
        (".en.hearing_impaired.srt", "en hi"),
        (".en.SDH.ass", "en hi"),
        (".en.default.srt", "en"),
        (".en.hd.srt", "en"),
        (".es.dl.srt", "es"),
        (".en.ai.srt", "en"),
        (".no.srt", "no"),
        (".no.sdh.srt", "no hi"),
        (".nb.srt", "nb"),
        (".hin.srt", "hi"),
        (".hi.srt", "hi"),
        (".hi.hi.srt", "hi hi"),
        (".fo.en.srt", "en forced"),
        (".fo.srt", "fo"),
        (".en.signs.srt", "en forced"),
        (".en.Commentary.srt", "en commentary"),
        (".Latin American Spanish.srt", "es-419"),
        (".Spanish (Latin America).srt", "es-419"),
        (".Brazilian Portuguese.srt", "pt-BR"),
        (".Dutch.srt", "nl"),
        (".Japanese.srt", "ja"),
        (".Chinese (Simplified).srt", "zh-Hans"),
        (".fr-CA.srt", "fr-CA"),
        (".ENG.SRT", "en"),
        (".iw.srt", "he"),
        (".en-US.srt", "en-US"),
        (".sr-Latn.srt", "sr-Latn"),
        (".nob.srt", "nb"),
        (".msa.srt", "ms"),
        (".may.srt", "ms"),
        (".alb.srt", "sq"),
        (" (en).srt", "en"),
        ("-en.srt", "en"),
        ("_en.srt", "en"),
        (".[hi].en.srt", "en hi"),
        (".1080p.WEB-DL.AAC.es.srt", "es"),
        (".1080p.WEB-DL.AAC.srt", "und"),
        (".srt", "und"),
        (".anna.srt", "und"),
        (".es.anna.srt", "es"),
        (".Spanish.srt", "es"),
        (".en.sub", "en"),
        (".pt-BR.vtt", "pt-BR"),
        (".commentary.en.sdh.ass", "en hi,commentary"),
    ] {
        let read = stems.read(&format!("Blade (1982){name}")).expect(name);
        assert_eq!(shown(&read), expected, "{name}");
    }
    for name in ["Blade (1982)2.es.srt", "Blade.es.srt", "Blade (1982).es.txt", "Blade (1982).cd2.es.srt"] {
        assert_eq!(stems.read(name), None, "{name}");
    }
}

#[test]
fn a_sidecar_belongs_to_the_video_with_the_longest_stem() {
    let files = ["Harbour.mkv", "Harbour.2.mkv", "Harbour.Directors.Cut.mkv", "Harbour.Pt1.mkv", "sample.mkv"];
    let stems = Stems::new("Harbour", files);
    for other in ["Harbour.2.es.srt", "Harbour.Directors.Cut.es.srt", "Harbour.Pt1.es.srt", "Harbour.S01E02.es.srt"] {
        assert_eq!(stems.read(other), None, "{other}");
    }
    assert!(stems.read("Harbour.es.srt").is_some() && stems.read("HARBOUR.es.srt").is_some());
    assert!(Stems::new("Harbour.2", files).read("Harbour.2.es.srt").is_some());
    assert!(!stems.is_only_video() && Stems::new("Harbour", ["Harbour.mkv", "sample.mkv"]).is_only_video());
    // macOS decomposes names.
    assert!(Stems::new("Caf\u{e9}", ["Caf\u{e9}.mkv"]).read("Cafe\u{301}.es.srt").is_some());
}

#[test]
fn folders_of_release_groups_are_read() {
    let stems = Stems::new("Low.Tide.S01E02", ["Low.Tide.S01E01.mkv", "Low.Tide.S01E02.mkv"]);
    let read = |name: &str, is_own| stems.read_inside(name, is_own).map(|name| shown(&name));
    assert_eq!(read("2_Spanish.srt", true).as_deref(), Some("es"));
    assert_eq!(read("3_Eng,SDH.srt", true).as_deref(), Some("en hi"));
    assert_eq!(read("2_Spanish.srt", false), None, "it may be another episode's");
    assert_eq!(read("Low.Tide.S01E02.es.srt", false).as_deref(), Some("es"));
    assert_eq!(read("Low.Tide.S01E01.es.srt", true), None);
    assert!(in_folder("Subs") && in_folder("SUBTITLES") && !in_folder("Extras"));
}

#[test]
fn a_track_name_adds_what_flags_and_tag_leave_out() {
    for (tag, name, expected) in [
        ("en", "Signs & Songs", "en forced"),
        ("en", "Full Subtitles + Signs & Songs", "en"),
        ("en", "Dialogue (no signs)", "en"),
        ("en", "Designs and Songstress", "en"),
        ("en", "Director Commentary", "en commentary"),
        ("de", "Kommentar des Regisseurs", "de commentary"),
        ("fr", "Commentaires", "fr commentary"),
        ("es", "Forzados", "es forced"),
        ("fr", "Français (forcé)", "fr forced"),
        ("it", "Non udenti", "it hi"),
        ("en", "English [CC]", "en hi"),
        ("en", "SDH", "en hi"),
        ("zh", "Simplified", "zh-Hans"),
        ("zh", "繁體中文", "zh-Hant"),
        ("zh-Hant", "Simplified?", "zh-Hant"),
        ("pt", "Brazilian", "pt-BR"),
        ("pt", "European Portuguese", "pt-PT"),
        ("es", "Latin American", "es-419"),
        ("es", "Castellano", "es-ES"),
        ("und", "Español", "es"),
        ("und", "Spanish (Latin)", "es-419"),
        ("und", "Dutch forced", "nl forced"),
        ("und", "简体中文", "zh-Hans"),
        ("und", "Track 3", "und"),
    ] {
        let read = TrackName::read(name);
        let language = read.refined(Language::parse(tag).expect("a tag"));
        let TrackName { forced, hearing_impaired, is_commentary, .. } = read;
        let read = SidecarName { language, forced, hearing_impaired, is_commentary };
        assert_eq!(shown(&read), expected, "{tag} '{name}'");
    }
}

proptest::proptest! {
    #[test]
    fn no_name_breaks_it(stem in "\\PC{0,20}", rest in "\\PC{0,30}") {
        let stems = Stems::new(&stem, [rest.as_str(), "a.mkv"]);
        let _ = stems.read(&format!("{stem}{rest}.srt"));
        let _ = stems.read_inside(&rest, true);
        let _ = TrackName::read(&rest).refined(Language::undetermined());
    }

    /// The language code directly in front of the extension is always found, whatever stands in front of it.
    #[test]
    fn a_code_at_the_end_is_the_language(title in "[a-z]{5,9}", code in proptest::sample::select(vec!["es", "deu", "pt-BR", "nob", "zh-Hans"])) {
        let read = Stems::new("film", ["film.mkv"]).read(&format!("film.{title}.{code}.srt")).expect("a sidecar");
        proptest::prop_assert_eq!(read.language, Language::parse(code).expect("a tag"));
    }
}

#[test]
fn a_sidecar_belongs_to_the_video_with_the_longest_stem_and_not_to_a_trailer() {
    let videos = ["Harbour.mkv", "Harbour.Lights.mkv", "Harbour.Lights.Out.mp4"];
    let own = |stem: &str, name: &str| Stems::new(stem, videos).read(name).is_some();
    for (name, owner) in [
        ("Harbour.es.srt", "Harbour"),
        ("Harbour.Lights.es.srt", "Harbour.Lights"),
        ("harbour.lights.OUT.es.srt", "Harbour.Lights.Out"),
        ("Harbour-trailer.es.srt", ""),
        ("Harbour-trailers.es.srt", ""),
        ("Harbour.Lights.sample.srt", ""),
    ] {
        for stem in ["Harbour", "Harbour.Lights", "Harbour.Lights.Out"] {
            assert_eq!(own(stem, name), stem == owner, "{name} beside {stem}");
        }
    }
}
