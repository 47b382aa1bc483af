//! What the name of a file in an archive says: language, episode, part. Names only choose; they are never opened as
//! paths. Pure.

use subtitle_contract::language::Language;

use crate::subtitle::language::code;

/// An episode, or several in one video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Episode {
    /// `None` where only the episode is known.
    pub season: Option<u16>,
    /// The first episode.
    pub first: u16,
    /// The last; the first again for a single one.
    pub last: u16,
}

impl Episode {
    /// Whether a file of `self` serves who wants `other`: both have the same episodes.
    fn serves(self, other: Self) -> bool {
        let is_season = self.season.is_none() || other.season.is_none() || self.season == other.season;
        is_season && self.first == other.first && self.last == other.last
    }
}

impl std::fmt::Display for Episode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if let Some(season) = self.season {
            write!(formatter, "S{season:02}")?;
        }
        write!(formatter, "E{:02}", self.first)?;
        if self.last == self.first { Ok(()) } else { write!(formatter, "-E{:02}", self.last) }
    }
}

/// What a name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) extension: String,
    pub(super) episode: Option<Episode>,
    pub(super) language: Option<Language>,
    pub(super) is_forced: bool,
    /// Of a film in several files.
    pub(super) part: Option<u8>,
}

impl Name {
    /// Reads the last part of a path.
    pub(super) fn read(path: &str) -> Self {
        let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let (stem, extension) = file.rsplit_once('.').unwrap_or((file, ""));
        let lower = stem.to_lowercase();
        let tokens: Vec<&str> = lower
            .split(|character: char| !character.is_alphanumeric() && character != '-')
            .filter(|token| !token.is_empty())
            .collect();
        let part = tokens.iter().find_map(|token| {
            let number = ["cd", "disc", "part"].iter().find_map(|word| token.strip_prefix(word))?;
            number.parse().ok().filter(|number| (1..=9).contains(number))
        });
        Self {
            extension: extension.to_ascii_lowercase(),
            episode: episode(&lower),
            // Only the last words name a language: a title may hold any.
            language: tokens.iter().rev().take(2).find_map(|token| language(token)),
            is_forced: tokens.iter().any(|token| matches!(*token, "forced" | "foreign")),
            part,
        }
    }

    pub(super) fn is_for(&self, wanted: Episode) -> bool {
        self.episode.is_some_and(|episode| episode.serves(wanted))
    }
}

/// Two-letter, three-letter and longer tags, and names of languages, in lower case; other words are a title.
fn language(token: &str) -> Option<Language> {
    let by_code = code::read(token).filter(|language| language.primary().len() == 2);
    by_code.or_else(|| Language::from_name(token))
}

/// Finds `s01e02`, `s01e02-e03`, `s01e02e03`, `1x02`, `e02` in a lower-case name.
fn episode(name: &str) -> Option<Episode> {
    let bytes = name.as_bytes();
    let starts = |at: usize| at == 0 || !bytes[at - 1].is_ascii_alphanumeric();
    for at in (0..bytes.len()).filter(|at| name.is_char_boundary(*at) && starts(*at)) {
        let rest = &name[at..];
        let found = rest
            .strip_prefix('s')
            .and_then(|rest| {
                let (season, rest) = number(rest)?;
                let (first, rest) = number(rest.trim_start_matches(['.', ' ', '_', '-']).strip_prefix('e')?)?;
                Some((Some(season), first, rest))
            })
            .or_else(|| {
                let (season, rest) = number(rest)?;
                let (first, rest) = number(rest.strip_prefix('x')?)?;
                (season < 100).then_some((Some(season), first, rest))
            })
            .or_else(|| {
                let (first, rest) = number(rest.strip_prefix('e')?)?;
                Some((None, first, rest))
            });
        if let Some((season, first, rest)) = found {
            let next = rest.strip_prefix("-e").or_else(|| rest.strip_prefix('e')).and_then(number);
            let last = next.map_or(first, |(last, _)| last.max(first));
            return Some(Episode { season, first, last });
        }
    }
    None
}

fn number(text: &str) -> Option<(u16, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text[..length].parse().ok()?, &text[length..]))
}
