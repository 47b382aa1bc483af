//! Seasons and episodes in a release's name: words come in, numbers go out. Pure.

use super::word::Word;

/// Numbers and where in the name they begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Numbered {
    pub(super) at: usize,
    pub(super) season: Option<u16>,
    pub(super) episodes: Vec<u16>,
}

/// More episodes than this in one range is a misread number.
const MAX_RANGE: u16 = 30;

/// Finds `s01e02`, `s01e02e03`, `s01e02-e04`, `s01e02-04`, `s01 e02`, `1x02`, `1x02-03`, `season 1 episode 2`, `e02`,
/// ` - 12`, and a whole season's `s01`, in this order of trust within a word, from left to right.
pub(super) fn find(words: &[Word<'_>]) -> Option<Numbered> {
    (0..words.len()).find_map(|at| season_and_episode(words, at)).or_else(|| {
        // A number after a spaced dash counts episodes without seasons; only when nothing clearer is there.
        (1..words.len()).find_map(|at| {
            let word = words[at];
            let is_set_off = word.gap == " - " && word.lower.len() <= 3;
            let episode = word.lower.strip_suffix("v2").unwrap_or(word.lower).parse().ok()?;
            is_set_off.then_some(Numbered { at, season: None, episodes: vec![episode] })
        })
    })
}

fn season_and_episode(words: &[Word<'_>], at: usize) -> Option<Numbered> {
    let word = words[at].lower;
    let next = |ahead: usize| words.get(at + ahead).map(|word| word.lower);
    let numbered = |season, first, rest: &str, used| {
        let episodes = more(words, at + used, first, rest)?;
        Some(Numbered { at, season, episodes })
    };
    if word == "season" {
        let season = next(1)?.parse().ok()?;
        let episode = (next(2) == Some("episode")).then(|| next(3)?.parse().ok()).flatten();
        return match episode {
            Some(episode) => numbered(Some(season), episode, "", 4),
            None => Some(Numbered { at, season: Some(season), episodes: Vec::new() }),
        };
    }
    if let Some((season, rest)) = word.strip_prefix('s').and_then(number).filter(|(season, _)| *season < 2100) {
        if let Some((first, rest)) = rest.strip_prefix('e').and_then(number) {
            return numbered(Some(season), first, rest, 1);
        }
        if rest.is_empty() {
            let split = next(1).and_then(|word| number(word.strip_prefix("ep").or(word.strip_prefix('e'))?));
            return match split {
                Some((first, rest)) => numbered(Some(season), first, rest, 2),
                None => Some(Numbered { at, season: Some(season), episodes: Vec::new() }),
            };
        }
        return None;
    }
    if let Some((season, rest)) = number(word).filter(|(season, _)| *season < 100) {
        // 1x02, but not 1920x1080
        let (first, rest) = number(rest.strip_prefix('x')?)?;
        return numbered(Some(season), first, rest, 1);
    }
    let (first, rest) = number(word.strip_prefix("ep").or(word.strip_prefix('e'))?)?;
    numbered(None, first, rest, 1)
}

/// The episodes that follow the first: in `rest` of its word (`e03`), or in the words from `at` on behind a dash.
fn more(words: &[Word<'_>], at: usize, first: u16, mut rest: &str) -> Option<Vec<u16>> {
    let mut episodes = vec![first];
    while !rest.is_empty() {
        let (episode, after) = number(rest.strip_prefix(['e', 'x'])?)?;
        episodes.push(episode);
        rest = after;
    }
    for word in words.get(at..).unwrap_or_default().iter().take_while(|word| word.gap.trim() == "-") {
        let digits = word.lower.strip_prefix('e');
        let read = number(digits.unwrap_or(word.lower)).filter(|(_, rest)| rest.is_empty());
        // A bare number is one of the range only if it is written as its neighbour is, not `-720` of a resolution.
        let Some((last, _)) = read.filter(|_| digits.is_some() || (word.gap == "-" && word.lower.len() <= 2)) else {
            break;
        };
        let from = episodes.last().copied().unwrap_or(first);
        if last <= from || last - from > MAX_RANGE {
            break;
        }
        episodes.extend(from + 1..=last);
    }
    episodes.sort_unstable();
    episodes.dedup();
    Some(episodes)
}

/// The number a text begins with, and what follows it.
fn number(text: &str) -> Option<(u16, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    Some((text.get(..length)?.parse().ok()?, &text[length..]))
}
