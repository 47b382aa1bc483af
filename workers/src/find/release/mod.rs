//! What the name of a release says: a file name or a provider's release text comes in; title, year, episodes and the tags
//! that distinguish releases go out. There is no standard: the rules are our own, and the table in the tests describes
//! them.
//!
//! ```text
//! name ── words ──▶ anchor (year, episode, or a word no title has) ──▶ title | year, episodes, tags | group
//! ```
//!
//! Pure.

mod episode;
mod tags;
mod word;

pub use tags::Tags;
use word::{Word, words};

/// What a name says; fields that it does not mention are `None` or empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// The words in front of everything else, with single spaces.
    pub title: Option<String>,
    /// The year of the work.
    pub year: Option<u16>,
    /// The season; `None` for a film, and for names that count episodes without seasons.
    pub season: Option<u16>,
    /// The episodes in the file, ascending; empty for a film and for a whole season.
    pub episodes: Vec<u16>,
    /// What distinguishes releases of one work.
    pub tags: Tags,
    /// Who released it.
    pub group: Option<String>,
    /// That it is something about the work and not the work: `trailer`, `sample`.
    pub extra: Option<&'static str>,
}

/// Words of what lies beside a work.
pub(in crate::find) const EXTRAS: [&str; 10] = [
    "sample",
    "trailer",
    "trailers",
    "teaser",
    "featurette",
    "interview",
    "bloopers",
    "behindthescenes",
    "promo",
    "recap",
];

const EXTENSIONS: [&str; 15] =
    ["mkv", "mp4", "avi", "m4v", "webm", "mov", "ts", "m2ts", "wmv", "srt", "vtt", "ass", "ssa", "sub", "zip"];

impl Release {
    /// Reads a name, with or without folders and extension.
    pub fn read(name: &str) -> Self {
        let file = name.rsplit(['/', '\\']).next().unwrap_or(name).trim();
        let stem = match file.rsplit_once('.') {
            Some((stem, extension)) if EXTENSIONS.contains(&extension.to_ascii_lowercase().as_str()) => stem,
            _ => file,
        };
        let (leading, stem) = leading_group(stem);
        // ASCII only, so that both have the same offsets.
        let lower = stem.to_ascii_lowercase();
        let words = words(stem, &lower);
        let numbered = episode::find(&words);
        let first_tag = tags::first_certain(&words);
        let end = numbered.as_ref().map(|numbered| numbered.at).into_iter().chain(first_tag).min();
        let year = year(&words, end.unwrap_or(words.len()));
        // A year in front of the episode ends the title too, but so does an episode in front of a year.
        let anchor = year.map(|(at, _)| at).into_iter().chain(end).min().unwrap_or(words.len());
        let title = words[..anchor].iter().map(|word| word.text).collect::<Vec<_>>().join(" ");
        let (tags, tagged) = tags::read(&words[anchor..]);
        // Without a known word, what follows a dash may as well be an episode's title.
        let after = match tagged {
            0 => (numbered.is_none() && year.is_some()).then_some(anchor + 1),
            tagged => Some(anchor + tagged),
        };
        let (season, episodes) = numbered.map(|numbered| (numbered.season, numbered.episodes)).unwrap_or_default();
        Self {
            title: (!title.is_empty()).then_some(title),
            year: year.map(|(_, year)| year),
            season,
            episodes,
            group: leading.or_else(|| trailing_group(&words, after?)),
            extra: extra(&words[anchor..]).or_else(|| extra(&words)),
            tags,
        }
    }

    /// Whether the name is built as a release's: any file has some name.
    pub fn is_built(&self) -> bool {
        self.year.is_some() || !self.episodes.is_empty() || self.tags != Tags::default()
    }

    /// Whether two titles are of different parts of one work, such as `Harbour` and `Harbour Part II`.
    pub fn is_other_part(one: &str, other: &str) -> bool {
        let split = |title: &str| {
            let title = comparable(title);
            match title.rsplit_once(' ') {
                Some((stem, number)) if number.len() <= 2 && number.parse::<u8>().is_ok() => {
                    (stem.to_owned(), number.parse().unwrap_or(1))
                }
                _ => (title, 1_u8),
            }
        };
        let ((one, part), (other, other_part)) = (split(one), split(other));
        !one.is_empty() && one == other && part != other_part
    }

    /// Whether two titles are the same but for case, punctuation, `and`, a leading article, and how a part is numbered: `Part
    /// II`, `Part Two` and `2`.
    pub fn is_same_title(one: &str, other: &str) -> bool {
        let (one, other) = (comparable(one), comparable(other));
        !one.is_empty() && one == other
    }
}

fn comparable(title: &str) -> String {
    let lower = title.to_lowercase().replace('&', " and ").replace(['\'', '’'], "");
    let mut words: Vec<&str> =
        lower.split(|one: char| !one.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if words.len() > 1 && ["the", "a", "an"].contains(&words[0]) {
        words.remove(0);
    }
    let numbered = |word: &str| match word {
        "ii" | "two" => Some("2"),
        "iii" | "three" => Some("3"),
        "iv" | "four" => Some("4"),
        "i" | "one" => Some("1"),
        number if number.len() <= 2 && number.parse::<u8>().is_ok() => Some(""),
        _ => None,
    };
    // Only a word at the end counts parts, or one behind the word for them.
    if let [.., before, last] = words.as_mut_slice()
        && let Some(number) = numbered(last)
    {
        let is_part = ["part", "pt", "vol", "volume", "chapter"].contains(before);
        if !number.is_empty() && (is_part || last.starts_with("ii") || *last == "iv") {
            *last = number;
        }
        if is_part {
            words.remove(words.len() - 2);
        }
    }
    words.join(" ")
}

/// `[Group] Title`, as fans' releases are named.
fn leading_group(stem: &str) -> (Option<String>, &str) {
    let split = stem.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    match split {
        Some((group, rest)) if !group.trim().is_empty() && rest.chars().any(char::is_alphanumeric) => {
            (Some(group.trim().to_owned()), rest)
        }
        _ => (None, stem),
    }
}

/// `-Group` at the end, behind the last word that is known to say something else.
fn trailing_group(words: &[Word<'_>], after: usize) -> Option<String> {
    let at = (after..words.len()).rev().find(|at| words[*at].gap == "-")?;
    // `-Group[site]` and `-Group-mirror` are the group's; a word in front of the dash is not.
    Some(words[at].text.to_owned())
}

/// The word for something beside a work, which a title may hold, too.
fn extra(words: &[Word<'_>]) -> Option<&'static str> {
    EXTRAS.into_iter().find(|extra| words.iter().any(|word| word.lower == *extra))
}

/// The last year in front of `end` that is not the name's first word: titles may begin with one, or hold one.
fn year(words: &[Word<'_>], end: usize) -> Option<(usize, u16)> {
    (1..end.min(words.len())).rev().find_map(|at| {
        let word = words[at].lower;
        let year = word.parse().ok().filter(|_| word.len() == 4)?;
        (1900..=2099).contains(&year).then_some((at, year))
    })
}

#[cfg(test)]
mod tests;
