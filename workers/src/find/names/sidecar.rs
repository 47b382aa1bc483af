//! Files beside a video, `<stem>.<language>[.<flag>].<extension>` and as release groups and people write them: names come in,
//! which video a file belongs to and what it says go out. Pure.

use std::sync::LazyLock;

use subtitle_contract::language::Language;

use super::{
    kind::Kind,
    variant,
    words::{folded, words},
};
use crate::{find::release::EXTRAS, subtitle::language::code};

/// Formats that are read. `.sub` is MicroDVD or SubViewer, or pictures, which its first bytes tell.
pub(super) const EXTENSIONS: [&str; 9] = ["srt", "vtt", "ass", "ssa", "sub", "smi", "sami", "ttml", "sbv"];
const VIDEOS: [&str; 15] =
    ["mkv", "mp4", "m4v", "avi", "webm", "mov", "ts", "m2ts", "wmv", "mpg", "mpeg", "flv", "ogm", "divx", "vob"];
/// Folders of subtitles, as release groups name them.
const FOLDERS: [&str; 5] = ["subs", "sub", "subtitles", "subtitle", "vobsubs"];
/// Flags that are codes of languages, too: hearing-impaired or Hindi, forced or Faroese. Alone, they name the language.
const FLAGS: [&str; 2] = ["hi", "fo"];
/// What programs that read names of countries and of Chinese scripts as languages write, although it is a code of another one.
const MISTAKEN: [(&str, &str); 2] = [("kr", "ko"), ("sc", "zh-Hans")];
/// Words that say how a file was made, or what it is not, although many of them are codes of some language: high definition,
/// dual language, artificial intelligence, AAC.
const NOISE: [&str; 26] = [
    "non",
    "not",
    "default",
    "subtitles",
    "subtitle",
    "sub",
    "subs",
    "synced",
    "dual",
    "dl",
    "hd",
    "sd",
    "ai",
    "cc",
    "translated",
    "web",
    "aac",
    "dts",
    "avc",
    "dvd",
    "rip",
    "hdr",
    "ass",
    "srt",
    "vtt",
    "ssa",
];

/// What a sidecar's name says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SidecarName {
    /// `und` where the name says none.
    pub(crate) language: Language,
    pub(crate) forced: bool,
    pub(crate) hearing_impaired: bool,
    pub(crate) is_commentary: bool,
}

/// Whether a folder holds subtitles.
pub(crate) fn in_folder(name: &str) -> bool {
    FOLDERS.contains(&folded(name).as_str())
}

/// Whether a file is a video, by its extension.
pub(crate) fn is_video(name: &str) -> bool {
    split_extension(&folded(name)).is_some_and(|(_, extension)| VIDEOS.contains(&extension))
}

pub(super) fn split_extension(folded: &str) -> Option<(&str, &str)> {
    folded.rsplit_once('.')
}

/// Whether a folded stem is a sample's or a trailer's.
pub(super) fn is_extra(stem: &str) -> bool {
    words(stem).iter().any(|word| EXTRAS.contains(word))
}

/// The videos of a folder, of which one is asked for.
#[derive(Clone, Debug)]
pub(in crate::find) struct Stems {
    own: String,
    others: Vec<String>,
}

impl Stems {
    /// `file_names` are all of the folder's.
    pub(in crate::find) fn new<'a>(own: &str, file_names: impl IntoIterator<Item = &'a str>) -> Self {
        let own = folded(own);
        let others = file_names.into_iter().filter_map(|name| {
            let name = folded(name);
            let (stem, extension) = split_extension(&name)?;
            (VIDEOS.contains(&extension) && stem != own).then(|| stem.to_owned())
        });
        Self { others: others.collect(), own }
    }

    /// Whether no other film lies in the folder; samples and trailers do not count.
    pub(in crate::find) fn is_only_video(&self) -> bool {
        self.others.iter().all(|stem| is_extra(stem))
    }

    /// Whether a folder inside a folder of subtitles is this video's.
    pub(in crate::find) fn is_own_folder(&self, name: &str) -> bool {
        folded(name) == self.own
    }

    /// Reads a file beside the video; `None` if it is no subtitle, or belongs to another video: the one with the longest stem
    /// that the name begins with.
    pub(in crate::find) fn read(&self, file_name: &str) -> Option<SidecarName> {
        let name = folded(file_name);
        let (stem, extension) = split_extension(&name)?;
        if !EXTENSIONS.contains(&extension) {
            return None;
        }
        let rest = behind(stem, &self.own)?;
        let is_others = |other: &String| other.len() > self.own.len() && behind(stem, other).is_some();
        if self.others.iter().any(is_others) || is_of_another_cut(rest) {
            return None;
        }
        Some(SidecarName::read(rest))
    }

    /// Reads a file in a folder of subtitles, such as `2_Spanish.srt`; one that begins with the video's stem is read as if it
    /// lay beside it. `is_own` says that nothing else than this video's can be there.
    pub(in crate::find) fn read_inside(&self, file_name: &str, is_own: bool) -> Option<SidecarName> {
        if let Some(read) = self.read(file_name) {
            return Some(read);
        }
        let name = folded(file_name);
        let (stem, extension) = split_extension(&name)?;
        let is_others = self.others.iter().any(|other| behind(stem, other).is_some());
        (is_own && !is_others && EXTENSIONS.contains(&extension)).then(|| SidecarName::read(stem))
    }
}

/// What follows the video's stem in a name, if its words end there.
fn behind<'a>(name: &'a str, stem: &str) -> Option<&'a str> {
    let rest = name.strip_prefix(stem)?;
    (rest.is_empty() || rest.starts_with(|first: char| !first.is_alphanumeric())).then_some(rest)
}

/// Whether what follows the stem names another part, episode or cut of a work, or its trailer, whose video just is not there.
pub(super) fn is_of_another_cut(rest: &str) -> bool {
    let words = words(rest);
    if words.first().is_some_and(|word| EXTRAS.contains(word)) {
        return true;
    }
    let numbered = |word: &str| {
        let is_number =
            |text: &str| !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
        let parts = ["cd", "part", "pt", "disc", "disk", "e", "ep"];
        parts.iter().any(|part| word.strip_prefix(part).is_some_and(is_number))
    };
    let is_number = words.first().is_some_and(|word| word.len() <= 2 && word.bytes().all(|byte| byte.is_ascii_digit()));
    let editions = ["s", "directors", "director", "extended", "final", "theatrical", "unrated"];
    let is_edition = words.windows(2).any(|pair| pair[1] == "cut" && editions.contains(&pair[0]));
    let is_episode = |word: &str| {
        let numbers = word.strip_prefix('s').and_then(|rest| rest.split_once('e'));
        numbers.is_some_and(|(season, episode)| {
            [season, episode].iter().all(|part| part.starts_with(|one: char| one.is_ascii_digit()))
        })
    };
    is_number || is_edition || words.iter().any(|word| numbered(word) || is_episode(word))
}

impl SidecarName {
    /// Reads what is left of a folded name without the video's stem and the extension.
    pub(super) fn read(rest: &str) -> Self {
        let all = words(rest);
        let kind = Kind::read_single(&all);
        // Only what stands where a language does: behind the last word of a title.
        let tail: Vec<&str> = tail(&all);
        let named = code_in(rest, &tail);
        let is_flagged = |flag: &str| {
            let others: Vec<&str> = tail.iter().copied().filter(|word| *word != flag).collect();
            let is_language = |found: Option<Language>| found.is_some_and(|found| found.primary() == flag);
            let names_language = is_language(code_in(rest, &tail)) && !is_language(code_in(rest, &others));
            all.iter().filter(|word| **word == flag).count() > usize::from(names_language)
        };
        Self {
            forced: kind.forced || is_flagged("fo"),
            hearing_impaired: kind.hearing_impaired || is_flagged("hi"),
            language: named.unwrap_or_else(Language::undetermined),
            is_commentary: kind.is_commentary,
        }
    }
}

/// The words from the end that can belong to a language or a kind; a title may hold any word in front of them.
fn tail<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let is_part = |word: &&&str| {
        Kind::has_word(word)
            || variant::has_word(word)
            || NOISE.contains(*word)
            || ["latn", "cyrl"].contains(*word)
            || word.bytes().all(|byte| byte.is_ascii_digit())
            || read_code(word).is_some()
    };
    let length = words.iter().rev().take_while(is_part).count();
    // Words in front, such as a release's tags or a translator's name, are a title; but a name may also begin with the flags.
    let front = words.iter().take_while(is_part).count();
    if length == 0 { words[..front].to_vec() } else { words[words.len() - length..].to_vec() }
}

/// A registered code of at most three letters, alone or with a script and a region, or one of those that files use for it.
fn read_code(code: &str) -> Option<Language> {
    let code = MISTAKEN.iter().find(|(mistaken, _)| *mistaken == code).map_or(code, |(_, meant)| meant);
    let mut parts = code.split(['-', '_']);
    let is_short = parts.next().is_some_and(|first| (2..=3).contains(&first.len()) && !NOISE.contains(&first));
    let is_subtag = |part: &str| match part.len() {
        2 | 4 => part.bytes().all(|byte| byte.is_ascii_alphabetic()),
        3 => part.bytes().all(|byte| byte.is_ascii_digit()),
        _ => false,
    };
    code::read(code).filter(|language| is_short && parts.all(is_subtag) && language.is_registered())
}

/// The language by code: a whole tag such as `pt-BR` first, then single words from the end. A word that may mean something
/// else names a language only where no other does.
fn code_in(rest: &str, tail: &[&str]) -> Option<Language> {
    static SEPARATORS: LazyLock<Vec<char>> = LazyLock::new(|| ". ()[]{},+".chars().collect());
    let tagged = rest.split(|character| SEPARATORS.contains(&character)).rev().find_map(|token| {
        let token = token.trim_matches(['-', '_']);
        (token.contains(['-', '_'])).then(|| read_code(token)).flatten()
    });
    if let Some(tag) = tagged {
        return Some(tag);
    }
    let read = |is_flag: bool| {
        // SDH and HoH are codes of languages that hardly anybody means by them.
        let words = tail.iter().rev().filter(move |word| FLAGS.contains(word) == is_flag && !Kind::has_word(word));
        words.filter_map(|word| read_code(word))
    };
    // In `pt.br`, the second is a variant of the first and not Breton.
    let varied = read(false).find_map(|found| variant::variant(found.primary(), tail));
    let named = varied.or_else(|| read(false).next()).or_else(|| variant::named(tail));
    named.or_else(|| read(true).next())
}
