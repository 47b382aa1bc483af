//! What kind of subtitle the words of a name announce. Pure.

/// What the words say; all false for ordinary dialogue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Kind {
    pub(super) forced: bool,
    pub(super) hearing_impaired: bool,
    pub(super) is_commentary: bool,
}

/// Foreign-language parts, signs and songs only.
const FORCED: &[&str] = &[
    "forced",
    "foreign",
    "forzado",
    "forzados",
    "forzato",
    "forzati",
    "forçado",
    "forçados",
    "forcé",
    "forcés",
    "force",
    "forcado",
    "forcados",
    "erzwungen",
    "zwangsuntertitel",
    "gedwongen",
    "tvingade",
    "wymuszone",
    "vynucené",
    "vynucene",
    "форсированные",
    "форсированный",
    "надписи",
    "signs",
    "sign",
    "songs",
    "song",
    "karaoke",
    "lyrics",
    "schilder",
    "carteles",
    "letreros",
    "panneaux",
    "chansons",
    "cartelli",
    "canzoni",
    "placas",
    "músicas",
    "narrative",
];
const HEARING_IMPAIRED: &[&str] = &[
    "sdh",
    "cc",
    "hoh",
    "hearing",
    "impaired",
    "deaf",
    "captions",
    "hörgeschädigte",
    "gehörlose",
    "hörgeschädigt",
    "sourds",
    "malentendants",
    "sme",
    "sordos",
    "sordi",
    "udenti",
    "surdos",
    "doven",
    "slechthorenden",
    "döva",
    "hørehæmmede",
    "hørselshemmede",
    "глухих",
    "слабослышащих",
    "niesłyszących",
    "neslyšící",
    "字幕cc",
    "聴覚障害者",
];
const COMMENTARY: &[&str] = &[
    "commentary",
    "commentaries",
    "comments",
    "kommentar",
    "kommentare",
    "audiokommentar",
    "commentaire",
    "commentaires",
    "comentario",
    "comentarios",
    "comentário",
    "comentários",
    "commento",
    "commenti",
    "commentaar",
    "komentarz",
    "komentář",
    "комментарий",
    "комментарии",
    "コメンタリー",
    "解説",
    "评论",
    "評論",
];
/// Words of complete subtitles, which may hold signs and songs too.
const COMPLETE: &[&str] = &[
    "full",
    "complete",
    "dialogue",
    "dialogues",
    "dialog",
    "completo",
    "completos",
    "completa",
    "complet",
    "complets",
    "komplett",
    "vollständig",
    "полные",
    "диалоги",
    "volledig",
];
/// Words that deny the one behind them.
const NOT: &[&str] = &["no", "not", "non", "without", "sans", "ohne", "sin", "senza", "sem", "без"];

impl Kind {
    /// Reads the folded words of a name that people read, in which a word may be denied: "no signs".
    pub(super) fn read(words: &[&str]) -> Self {
        Self::read_with(words, |at| at > 0 && NOT.contains(&words[at - 1]))
    }

    /// Reads the folded words of a file's name, where `no` is Norwegian and `sin` Sinhala: "non-forced" is all that denies.
    pub(super) fn read_single(words: &[&str]) -> Self {
        Self::read_with(words, |at| at > 0 && matches!(words[at - 1], "non" | "not"))
    }

    fn read_with(words: &[&str], is_denied: impl Fn(usize) -> bool) -> Self {
        let has = |list: &[&str]| {
            // "non udenti", those who do not hear, denies nothing.
            words.iter().enumerate().any(|(at, word)| list.contains(word) && (*word == "udenti" || !is_denied(at)))
        };
        Self {
            forced: has(FORCED) && !has(COMPLETE),
            hearing_impaired: has(HEARING_IMPAIRED),
            is_commentary: has(COMMENTARY),
        }
    }

    /// Whether the word only says a kind, and belongs to no title.
    pub(super) fn has_word(word: &str) -> bool {
        [FORCED, HEARING_IMPAIRED, COMMENTARY, COMPLETE].iter().any(|list| list.contains(&word))
    }
}
