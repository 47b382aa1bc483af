//! Damage changes no charset: what is sound is read, what is not becomes U+FFFD and is counted.

use encoding_rs::Encoding;
use proptest::prelude::*;
use subtitle_contract::language::Language;

use super::Code;
use crate::subtitle::charset::{Decoded, decode, decode_parts};

/// Dialogue of our own, with its language and the code page of its old files.
const DIALOGUES: [(&str, &str, &str); 11] = [
    (
        "zh",
        "gb18030",
        "灯笼在我们到桥之前就灭了。\n有人看见是谁拿着地图吗？\n是面包师的儿子，我敢肯定。\n那我们只好等到早上。",
    ),
    (
        "zh-Hant",
        "big5",
        "燈籠在我們到橋之前就滅了。\n有人看見是誰拿著地圖嗎？\n是麵包師的兒子，我敢肯定。\n那我們只好等到早上。",
    ),
    (
        "ja",
        "shift_jis",
        "橋に着く前にランタンが消えた。\n誰が地図を持っていたか見た？\nパン屋の息子だ、間違いない。\nそれなら朝まで待つしかない。",
    ),
    (
        "ko",
        "euc-kr",
        "다리에 도착하기 전에 등불이 꺼졌다.\n누가 지도를 들고 있었는지 본 사람 있어?\n빵집 아들이었어, 확실해.\n그럼 아침까지 기다려야 해.",
    ),
    ("th", "windows-874", "โคมไฟดับก่อนที่เราจะถึงสะพาน\nมีใครเห็นคนถือแผนที่ไหม\nเป็นลูกชายคนทำขนมปัง ผมแน่ใจ"),
    ("he", "windows-1255", "הפנס כבה לפני שהגענו לגשר.\nמישהו ראה מי נשא את המפה?\nזה היה הבן של האופה, אני בטוח."),
    (
        "el",
        "windows-1253",
        "Το φανάρι έσβησε πριν φτάσουμε στη γέφυρα.\nΕίδε κανείς ποιος κρατούσε τον χάρτη;\nΉταν ο γιος του φούρναρη, είμαι σίγουρος.",
    ),
    (
        "ar",
        "windows-1256",
        "انطفأ الفانوس قبل أن نصل إلى الجسر.\nهل رأى أحد من كان يحمل الخريطة؟\nكان ابن الخباز، أنا متأكد.",
    ),
    (
        "ru",
        "windows-1251",
        "Фонарь погас раньше, чем мы дошли до моста.\nКто-нибудь видел, кто нёс карту?\nЭто был сын пекаря, я уверен.",
    ),
    (
        "pl",
        "windows-1250",
        "Latarnia zgasła, zanim doszliśmy do mostu.\nCzy ktoś widział, kto niósł mapę?\nTo był syn piekarza, jestem pewien.",
    ),
    (
        "es",
        "windows-1252",
        "La linterna se apagó antes de llegar al puente.\n¿Alguien vio quién llevaba el mapa?\nEntonces tenemos que esperar hasta mañana.",
    ),
];

fn file(dialogue: &str) -> String {
    let cue = |(at, line): (usize, &str)| format!("{at}\n00:00:{at:02},000 --> 00:00:{at:02},900\n{line}\n\n");
    dialogue.lines().enumerate().map(|(at, line)| cue((at + 1, line))).collect()
}

fn language(tag: &str) -> Language {
    Language::parse(tag).expect("a tag")
}

fn encoded(text: &str, charset: &str) -> Vec<u8> {
    Encoding::for_label(charset.as_bytes()).expect("known").encode(text).0.into_owned()
}

fn codes(decoded: &Decoded<'_>) -> Vec<Code> {
    decoded.warnings.iter().map(|warning| warning.code).collect()
}

/// How many characters of a text stand in the other in the same order, at the start and at the end.
fn shared(one: &str, other: &str) -> usize {
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let start = one.chars().zip(other.chars()).take_while(same).count();
    let end = one.chars().rev().zip(other.chars().rev()).take_while(same).count();
    (start + end).min(other.chars().count())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_stray_byte_in_utf8_damages_one_character(which in 0..DIALOGUES.len(), share in 0.0..1.0_f64, stray in 0x80..=0xFF_u8, is_known: bool, is_cut: bool, is_inside: bool) {
        let (tag, _, dialogue) = DIALOGUES[which];
        // Spanish has four letters in these lines that tell UTF-8, of which the stray byte may break one.
        let text = file(&[dialogue; 3].join("\n"));
        let mut bytes = text.clone().into_bytes();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a place in a short text")]
        let at = (share * (bytes.len() - 1) as f64) as usize;
        if is_cut && at > bytes.len() / 2 {
            bytes.truncate(at);
        } else {
            // A letter that is split counts for several damaged ones.
            let inside = (at..bytes.len()).find(|at| !text.is_char_boundary(*at)).unwrap_or(at);
            bytes.insert(if is_inside { inside } else { at }, stray);
        }
        let language = language(tag);
        let decoded = decode(&bytes, is_known.then_some(&language)).expect("decodes");
        prop_assert_eq!(decoded.charset, "UTF-8");
        let undamaged = shared(&decoded.text, &text);
        prop_assert!(undamaged + 4 >= decoded.text.chars().count().min(text.chars().count()), "{}", decoded.text);
        if std::str::from_utf8(&bytes).is_err() {
            let is_told = codes(&decoded).iter().any(|code| matches!(code, Code::ReplacedBytes | Code::MixedCharsets));
            prop_assert!(is_told, "{:?}", decoded.warnings);
        }
    }

    #[test]
    fn one_bad_byte_or_a_cut_character_changes_no_code_page(which in 0..DIALOGUES.len() - 1, line in 0..3_usize, is_cut: bool) {
        let (tag, charset, dialogue) = DIALOGUES[which];
        let text = file(dialogue);
        let whole = encoded(&text, charset);
        let expected = decode(&whole, Some(&language(tag))).expect("decodes").charset;
        let mut bytes = whole;
        if is_cut {
            // Within the last character of the last line.
            let last = bytes.iter().rposition(|byte| *byte >= 0x80).expect("letters");
            bytes.truncate(last);
        } else {
            // No code page of these has 0xFF, but those of Arabic, Russian and Polish.
            let at = text.lines().nth(line * 4 + 2).map(|words| encoded(&text[..text.find(words).expect("a line")], charset).len());
            bytes.insert(at.expect("a line"), 0xFF);
        }
        let decoded = decode(&bytes, Some(&language(tag))).expect("decodes");
        prop_assert_eq!(decoded.charset, expected);
        prop_assert!(shared(&decoded.text, &text) + 6 >= text.chars().count().min(decoded.text.chars().count()), "{}", decoded.text);
    }

    #[test]
    fn two_charsets_in_one_file_are_told_by_line(which in 6..DIALOGUES.len(), turns in prop::collection::vec(any::<bool>(), 3)) {
        let (tag, charset, dialogue) = DIALOGUES[which];
        let text = file(dialogue);
        let mut turns = turns.into_iter().cycle();
        let is_words = |line: &str| !line.is_ascii();
        let mut has_both = [false; 2];
        let bytes: Vec<u8> = text
            .split_inclusive('\n')
            .flat_map(|line| {
                let is_old = is_words(line) && turns.next() == Some(true);
                has_both[usize::from(is_old)] |= is_words(line);
                if is_old { encoded(line, charset) } else { line.as_bytes().to_vec() }
            })
            .collect();
        let decoded = decode(&bytes, Some(&language(tag))).expect("decodes");
        if has_both == [true, true] {
            prop_assert_eq!(decoded.text.as_ref(), text.as_str());
            prop_assert_eq!(codes(&decoded), [Code::MixedCharsets]);
        } else {
            prop_assert_eq!(decoded.text.as_ref(), text.as_str());
        }
    }

    #[test]
    fn double_encoding_is_undone_with_and_without_control_characters(which in 0..DIALOGUES.len(), is_latin1: bool, is_known: bool) {
        let (tag, _, dialogue) = DIALOGUES[which];
        let text = file(dialogue);
        let damaged: String = if is_latin1 {
            text.bytes().map(char::from).collect()
        } else {
            Encoding::for_label(b"windows-1252").expect("known").decode_without_bom_handling(text.as_bytes()).0.into_owned()
        };
        let language = language(tag);
        let decoded = decode(damaged.as_bytes(), is_known.then_some(&language)).expect("decodes");
        prop_assert_eq!(decoded.text.as_ref(), text.as_str());
        prop_assert_eq!(codes(&decoded), [Code::RepairedDoubleEncoding]);
    }

    #[test]
    fn utf16_and_utf32_are_read_however_they_are_written(which in 0..DIALOGUES.len(), form in 0..6_u8, ending in prop::sample::select(vec!["\n", "\r\n", "\r"]), is_cut: bool) {
        let (tag, _, dialogue) = DIALOGUES[which];
        let text = file(dialogue).replace('\n', ending);
        let units = text.encode_utf16();
        let mut bytes: Vec<u8> = match form {
            0 => units.flat_map(u16::to_le_bytes).collect(),
            1 => units.flat_map(u16::to_be_bytes).collect(),
            2 => std::iter::once(0xFEFF).chain(units).flat_map(u16::to_le_bytes).collect(),
            3 => std::iter::once(0xFEFF).chain(units).flat_map(u16::to_be_bytes).collect(),
            4 => std::iter::once('\u{FEFF}').chain(text.chars()).flat_map(|one| u32::from(one).to_le_bytes()).collect(),
            _ => std::iter::once('\u{FEFF}').chain(text.chars()).flat_map(|one| u32::from(one).to_be_bytes()).collect(),
        };
        bytes.truncate(bytes.len() - usize::from(is_cut));
        let decoded = decode(&bytes, Some(&language(tag))).expect("decodes");
        prop_assert!(decoded.charset.starts_with("UTF-"), "{}", decoded.charset);
        let expected = text.trim_end_matches(['\n', '\r']);
        prop_assert!(decoded.text.starts_with(expected), "{}", decoded.text);
    }
}

#[test]
fn parts_are_decoded_together_and_stay_apart() {
    let lines = ["La linterna se apagó.", "¿Quién?", "Mañana.\nAquí.", ""];
    let parts: Vec<Vec<u8>> = lines.iter().map(|line| encoded(line, "windows-1252")).collect();
    let parts: Vec<&[u8]> = parts.iter().map(Vec::as_slice).collect();
    let (texts, charset, warnings) = decode_parts(&parts, Some(&language("es"))).expect("decodes");
    assert_eq!((texts.iter().map(String::as_str).collect::<Vec<_>>(), charset), (lines.to_vec(), "windows-1252"));
    assert_eq!(warnings, []);
    assert_eq!(decode_parts(&[], None).expect("nothing").0, Vec::<String>::new());
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_code_page_that_was_read_as_another_is_read_again(which in 0..DIALOGUES.len() - 2) {
        let (tag, charset, dialogue) = DIALOGUES[which];
        let text = file(dialogue);
        let misread: String = Encoding::for_label(b"windows-1252")
            .expect("known")
            .decode_without_bom_handling(&encoded(&text, charset))
            .0
            .into_owned();
        let decoded = decode(misread.as_bytes(), Some(&language(tag))).expect("decodes");
        prop_assert_eq!(decoded.text.as_ref(), text.as_str());
        prop_assert_eq!(codes(&decoded), [Code::RepairedDoubleEncoding]);
    }

    #[test]
    fn a_mark_of_utf16_in_front_of_utf8_is_no_utf16(which in 0..DIALOGUES.len(), is_big: bool) {
        let text = file(DIALOGUES[which].2);
        let mark: &[u8] = if is_big { &[0xFE, 0xFF] } else { &[0xFF, 0xFE] };
        let bytes = [mark, text.as_bytes()].concat();
        let decoded = decode(&bytes, None).expect("decodes");
        prop_assert_eq!((decoded.charset, decoded.text.as_ref()), ("UTF-8", text.as_str()));
    }
}

#[test]
fn a_text_in_another_language_than_declared_is_not_misread() {
    for text in ["1\n00:00:01,000 --> 00:00:02,000\nDéjà vu, dit-elle à l'été.\n", "Ça, là, où? Né. Él. Ñandú."]
    {
        for tag in ["ru", "el", "he", "zh", "th"] {
            assert_eq!(decode(text.as_bytes(), Some(&language(tag))).expect("decodes").text, text, "{tag}");
        }
    }
}
