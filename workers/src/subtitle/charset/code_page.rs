//! The code pages that files of a language are really in, the likeliest first, and the letters that tell them apart.
//! Pure.

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, IBM866, ISO_8859_2, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7,
    ISO_8859_13, ISO_8859_16, KOI8_R, KOI8_U, SHIFT_JIS, WINDOWS_874, WINDOWS_1250, WINDOWS_1251, WINDOWS_1252,
    WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256, WINDOWS_1257, WINDOWS_1258,
};
use subtitle_contract::language::Language;

use crate::subtitle::language::script::Script;

/// A language's code pages.
pub(super) struct CodePages {
    pub(super) encodings: Vec<&'static Encoding>,
    pub(super) scripts: &'static [Script],
    /// Its own letters above ASCII, in lower case; for Chinese, the commonest characters. Empty where the script
    /// says enough.
    pub(super) letters: &'static str,
}

impl CodePages {
    pub(super) fn new(language: &Language) -> Self {
        let scripts = Script::for_language(language);
        let (encodings, letters): (Vec<&'static Encoding>, &'static str) = match language.primary() {
            "he" | "yi" => (vec![WINDOWS_1255], ""),
            "ar" | "fa" | "ur" => (vec![WINDOWS_1256, ISO_8859_6], ""),
            "tr" | "az" => (vec![WINDOWS_1254], "çğıöşüâîûəi̇"),
            "el" => (vec![WINDOWS_1253, ISO_8859_7], "αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώϊϋΐΰ"),
            "pl" => (vec![WINDOWS_1250, ISO_8859_2], "ąćęłńóśźż"),
            "cs" => (vec![WINDOWS_1250, ISO_8859_2], "áčďéěíňóřšťúůýž"),
            "sk" => (vec![WINDOWS_1250, ISO_8859_2], "áäčďéíĺľňóôŕšťúýž"),
            "hu" => (vec![WINDOWS_1250, ISO_8859_2], "áéíóöőúüű"),
            "ro" => (vec![WINDOWS_1250, ISO_8859_2, ISO_8859_16], "ăâîșşțţ"),
            "hr" | "sl" | "bs" => (vec![WINDOWS_1250, ISO_8859_2], "čćđšž"),
            "sr" if scripts == [Script::Latin] => (vec![WINDOWS_1250, ISO_8859_2], "čćđšž"),
            "sr" => (vec![WINDOWS_1251, WINDOWS_1250, ISO_8859_2, ISO_8859_5], "čćđšžабвгдђежзијклљмнњопрстћуфхцчџш"),
            "ru" => (vec![WINDOWS_1251, KOI8_R, ISO_8859_5, IBM866], "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"),
            "uk" => (vec![WINDOWS_1251, KOI8_U, ISO_8859_5], "абвгґдеєжзиіїйклмнопрстуфхцчшщьюя"),
            "bg" => (vec![WINDOWS_1251, ISO_8859_5], "абвгдежзийклмнопрстуфхцчшщъьюя"),
            "mk" => (vec![WINDOWS_1251, ISO_8859_5], "абвгдѓежзѕијклљмнњопрстќуфхцчџш"),
            "be" => (vec![WINDOWS_1251, ISO_8859_5], "абвгдеёжзійклмнопрстуўфхцчшыьэюя"),
            "th" => (vec![WINDOWS_874], ""),
            "ja" => (vec![SHIFT_JIS, EUC_JP], KANA),
            "ko" => (vec![EUC_KR], ""),
            "zh" if is_traditional(language) => (vec![BIG5, GB18030], COMMON_CHINESE),
            "zh" => (vec![GB18030, BIG5], COMMON_CHINESE),
            "lt" => (vec![WINDOWS_1257, ISO_8859_13, ISO_8859_4], "ąčęėįšųūž"),
            "lv" => (vec![WINDOWS_1257, ISO_8859_13, ISO_8859_4], "āčēģīķļņšūž"),
            "et" => (vec![WINDOWS_1257, WINDOWS_1252], "äõöüšž"),
            "vi" => (vec![WINDOWS_1258], ""),
            "fr" => (vec![WINDOWS_1252], "àâæçéèêëîïôœùûüÿ"),
            "es" => (vec![WINDOWS_1252], "áéíñóúüªº"),
            "pt" => (vec![WINDOWS_1252], "áâãàçéêíóôõúü"),
            "it" => (vec![WINDOWS_1252], "àèéìíòóùú"),
            "de" => (vec![WINDOWS_1252], "äöüß"),
            "nl" => (vec![WINDOWS_1252], "éëïóöüèá"),
            "sv" | "fi" => (vec![WINDOWS_1252], "åäöé"),
            "da" | "nb" | "nn" | "no" => (vec![WINDOWS_1252], "æøåéòô"),
            "is" => (vec![WINDOWS_1252], "áðéíóúýþæö"),
            "ca" => (vec![WINDOWS_1252], "àçéèíïóòúü·"),
            "sq" => (vec![WINDOWS_1252, WINDOWS_1250], "çë"),
            _ => (vec![WINDOWS_1252], ""),
        };
        Self { encodings, scripts, letters }
    }
}

fn is_traditional(language: &Language) -> bool {
    language.as_str().split('-').any(|part| matches!(part, "Hant" | "TW" | "HK" | "MO"))
}

const KANA: &str = "あいうえおかきくけこさしすせそたちつてとなにぬねのはひふへほまみむめもやゆよらりるれろわをんがぎぐげござじずぜぞだでどばびぶべぼぱぴぷぺぽっゃゅょアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワヲンガギグゲゴザジズゼゾダデドバビブベボパピプペポッャュョー";

/// The characters that make up about a third of any dialogue, in both spellings.
const COMMON_CHINESE: &str = "的一是不了人我在有他这這中大来來上个個国國到说說们們为為子和你地出道也时時年得就那要下以生会會自着著去之过過家学學对對可她里後后小么麼心多天而能好都然没沒日于於起还還发發成事只作当當想看文无無开開手十用主行方又如前所本见見经經头頭面公同三已老从從动動两兩长長吗嗎吧呢啊谁誰什";
