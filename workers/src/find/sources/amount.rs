//! A handful of cues beside a whole dialogue: signs, songs or foreign-language parts that nothing else marks. Pure.

use crate::find::found::FoundSubtitle;

/// A subtitle with less than one part in this many of another's amount, in the same language, is not the dialogue.
const HANDFUL: u64 = 5;

/// Marks candidates as forced that have far less than another one of their language. `amounts` are in any unit that is
/// comparable within a kind; 0 is unknown.
pub(super) fn mark_handfuls<K: PartialEq>(found: &mut [FoundSubtitle], amounts: &[(u64, K)]) {
    let is_handful: Vec<bool> = found
        .iter()
        .zip(amounts)
        .map(|(one, (amount, kind))| {
            let others =
                found.iter().zip(amounts).filter(|(other, (_, of))| other.language == one.language && of == kind);
            let most = others.map(|(_, (amount, _))| *amount).max().unwrap_or(0);
            *amount > 0 && *amount < most / HANDFUL
        })
        .collect();
    for (one, is_handful) in found.iter_mut().zip(is_handful) {
        one.forced |= is_handful;
    }
}
