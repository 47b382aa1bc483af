//! Captions that roll: each cue repeats the lines before it, or the line so far with a word more, as automatic and live
//! captions do. Cues come in, the same words go out once. Pure.

use crate::subtitle::{Cue, Format};

/// Lines on the screen of a rolling caption.
const MOST_LINES: usize = 4;
/// How far apart cues may be that roll, in milliseconds.
const LARGEST_GAP: u64 = 150;
/// Pairs of neighbours that must roll and bring new words.
const FEWEST: usize = 3;

/// What is shown of a cue.
struct Shown {
    cue: Cue,
    /// Its lines without markup, empty ones left out.
    lines: Vec<String>,
}

/// How a cue goes on with the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Overlap {
    /// How many of the lines are repeated from the end of the cue before.
    lines: usize,
    /// Whether the last of them has more words now.
    grows: bool,
}

/// The cues with each line once; `None` where they do not roll. Folding what was folded changes nothing.
pub(in crate::subtitle) fn folded(format: Format, cues: &[Cue]) -> Option<Vec<Cue>> {
    if format == Format::Ass || cues.len() <= FEWEST || !seems_to_roll(format, cues) {
        return None;
    }
    let mut shown: Vec<Shown> = cues.iter().map(|cue| Shown { lines: lines(format, cue), cue: cue.clone() }).collect();
    let mut is_folded = false;
    while rolls(&shown) {
        shown = fold(shown);
        is_folded = true;
    }
    is_folded.then(|| {
        shown
            .into_iter()
            .map(|Shown { mut cue, lines }| {
                cue.text = format.encoded(&lines.join("\n")).0.into_owned();
                cue
            })
            .collect()
    })
}

/// A cheap look at the first words of a few cues, which nearly every file fails.
fn seems_to_roll(format: Format, cues: &[Cue]) -> bool {
    let step = (cues.len() / 64).max(1);
    let (mut asked, mut rolling) = (0, 0);
    for at in (0..cues.len() - 1).step_by(step) {
        let pair = [&cues[at], &cues[at + 1]].map(|cue| Shown { lines: lines(format, cue), cue: cue.clone() });
        asked += 1;
        rolling += usize::from(overlap(&pair[0], &pair[1]).is_some());
    }
    rolling * 3 >= asked
}

fn lines(format: Format, cue: &Cue) -> Vec<String> {
    let plain = format.plain(&cue.text);
    let words = plain.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    words.filter(|line| !line.is_empty()).collect()
}

/// Whether most neighbours roll, and some of them bring new words: a chorus only repeats.
fn rolls(shown: &[Shown]) -> bool {
    let pairs = shown.len().saturating_sub(1);
    let (mut rolling, mut going_on) = (0, 0);
    for pair in shown.windows(2) {
        if let Some(Overlap { lines, grows }) = overlap(&pair[0], &pair[1]) {
            rolling += 1;
            going_on += usize::from(grows || lines < pair[1].lines.len());
        }
    }
    going_on >= FEWEST && rolling * 5 >= pairs * 3
}

fn overlap(before: &Shown, after: &Shown) -> Option<Overlap> {
    let is_near = after.cue.start <= before.cue.end.saturating_add(LARGEST_GAP) && after.cue.start >= before.cue.start;
    if !is_near || before.lines.is_empty() || after.lines.is_empty() {
        return None;
    }
    let most = before.lines.len().min(after.lines.len()).min(MOST_LINES);
    (1..=most).rev().find_map(|count| {
        let (old, new) = (&before.lines[before.lines.len() - count..], &after.lines[..count]);
        if old[..count - 1] != new[..count - 1] {
            return None;
        }
        let (old, new) = (&old[count - 1], &new[count - 1]);
        let grows = new.len() > old.len() && new.starts_with(old.as_str()) && new[old.len()..].starts_with(' ');
        (old == new || grows).then_some(Overlap { lines: count, grows })
    })
}

/// Each cue without what it repeats, which is shown a little longer where it was.
fn fold(shown: Vec<Shown>) -> Vec<Shown> {
    let mut folded: Vec<Shown> = Vec::with_capacity(shown.len());
    let mut before: Option<Shown> = None;
    for after in shown {
        let overlap = before.as_ref().and_then(|before| overlap(before, &after));
        let whole = Shown { cue: after.cue.clone(), lines: after.lines.clone() };
        match (overlap, folded.last_mut()) {
            (Some(Overlap { lines, grows }), Some(last)) => {
                if grows && let Some(line) = last.lines.last_mut() {
                    line.clone_from(&after.lines[lines - 1]);
                }
                let rest = &after.lines[lines..];
                if rest.is_empty() {
                    last.cue.end = last.cue.end.max(after.cue.end);
                } else {
                    last.cue.end = if grows { last.cue.end.max(after.cue.start) } else { last.cue.end };
                    folded.push(Shown { lines: rest.to_vec(), cue: after.cue });
                }
            }
            _ => folded.push(after),
        }
        before = Some(whole);
    }
    folded
}
