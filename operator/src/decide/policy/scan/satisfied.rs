//! Whether a video has a wanted subtitle, from what a scan lists of it. Called when a page is folded. Pure.

use subtitle_contract::{
    language::Language,
    policy::{
        AcceptedPlace, WantedKind, WantedLanguage,
        ledger::Satisfaction,
        scan::{ScannedVideo, SidecarAuthor, SubtitleFlag, TrackKind},
    },
};

/// Whether `language` and `flags` are those of the wanted subtitle.
fn is_wanted(wanted: &WantedLanguage, language: Option<&str>, flags: &[SubtitleFlag]) -> bool {
    let parse = |text: &str| Language::parse(text).ok();
    let is_language = match (parse(&wanted.language), language.and_then(parse)) {
        (Some(wanted), Some(offered)) => wanted.accepts(&offered),
        _ => false,
    };
    let is_kind = flags.contains(&SubtitleFlag::Forced) == (wanted.kind == WantedKind::Forced);
    is_language && is_kind && !flags.contains(&SubtitleFlag::Commentary)
}

/// The digests of the sidecars in the wanted language that jobs made.
pub(super) fn made_by_jobs(wanted: &WantedLanguage, video: &ScannedVideo) -> Vec<String> {
    let ours = video.sidecars.iter().filter(|file| file.author != SidecarAuthor::Person);
    let in_language = ours.filter(|file| is_wanted(wanted, file.language.as_deref(), &file.flags));
    in_language.map(|file| file.digest.clone()).collect()
}

/// What satisfies the wish, if anything does. Sidecars whose digest is in `stale` were made for another file.
pub(super) fn satisfaction(wanted: &WantedLanguage, video: &ScannedVideo, stale: &[String]) -> Option<Satisfaction> {
    let accepts = |place| wanted.accept.contains(&place);
    let sidecars = video.sidecars.iter().filter(|file| !stale.contains(&file.digest));
    let mut authors = sidecars
        .filter(|file| is_wanted(wanted, file.language.as_deref(), &file.flags))
        .map(|file| file.author)
        .collect::<Vec<_>>();
    authors.sort_by_key(|author| *author != SidecarAuthor::Person);
    let sidecar = authors.first().filter(|_| accepts(AcceptedPlace::Sidecar)).map(|a| Satisfaction::Sidecar(*a));
    let is_embedded = accepts(AcceptedPlace::Embedded)
        && video
            .tracks
            .iter()
            .any(|track| track.kind == TrackKind::Text && is_wanted(wanted, track.language.as_deref(), &track.flags));
    sidecar.or(is_embedded.then_some(Satisfaction::Embedded))
}
