//! Why there is no subtitle: a source that could not be asked is not the same as one that has none, and pictures of text
//! are not the same as nothing. Does I/O.

use subtitle_clock::Clock;
use subtitle_contract::{
    job::TranslationPolicy,
    language::Language,
    payload::DownloadRequested,
    reason::Reason,
    record::{display_name, location},
};
use subtitle_telemetry::chain;

use super::{listing::Listing, order::preferred, plan::DownloadPlan};
use crate::{
    failure::Failure,
    find::{
        FoundSubtitle, Search, SourceError, SourceErrorKind, SourceId, UnsupportedTrack, VideoMatch, choose::select,
    },
};

impl<S: Search, C: Clock> DownloadPlan<'_, S, C> {
    /// The failure that says why, with every candidate that was considered.
    pub(super) async fn no_result(&self, listing: Listing) -> Failure {
        let Self { wanted, from, order, task, .. } = self;
        let choice = select::choose(&listing.found, wanted, &task.spec);
        let candidates = listing.candidates(&choice, None);
        let is_image = |found: &FoundSubtitle| matches!(found.origin, Err(UnsupportedTrack::Images(_)));
        let images = listing.found.iter().filter(|(_, one)| is_image(one));
        let images: Vec<String> = images.map(|(_, one)| format!("{} ({})", one.label, one.language)).collect();
        // What providers list is for another video or in another language, or it would have been tried.
        let mut of_this_video =
            listing.found.iter().filter(|(_, one)| matches!(one.video_match, VideoMatch::ThisVideo { .. }));
        let is_image_only = !images.is_empty() && of_this_video.all(|(_, one)| is_image(one));
        let mut failure = if !listing.errors.is_empty() {
            unanswered(&listing.errors, order)
        } else if let Some((_, failure)) = listing.rejected.first() {
            Failure::new(failure.reason, &failure.message)
        } else if self.downloader.finder.libraries().is_missing(&task.spec.video).await {
            let (path, library) = (location(&task.spec.video), &task.spec.video.library);
            Failure::new(
                Reason::VideoUnavailable,
                format!("'{path}' is not in library '{library}', and no subtitle for it was found"),
            )
        } else if is_image_only {
            Failure::new(
                Reason::ImageBased,
                format!(
                    "the subtitles of {} are pictures of text, which only character recognition can read: {}",
                    display_name(&task.spec.video),
                    images.join(", ")
                ),
            )
        } else {
            let message = not_found(wanted, from, order, task);
            // Such as the only track, which is forced.
            let nearest =
                std::iter::once(wanted).chain(from).find_map(|language| nearest_rejected(&listing, language, task));
            let nearest = nearest.map(|nearest| format!("; nearest: {nearest}")).unwrap_or_default();
            let unread =
                if order.contains(&SourceId::Embedded) && self.facts().await.has_readable_container == Some(false) {
                    "; tracks inside the video were not looked for: only Matroska, WebM and MP4 files are read"
                } else {
                    ""
                };
            Failure::new(Reason::NoSubtitleFound, message + &nearest + unread)
        };
        // The job may have failed for want of them.
        for warning in preferred(&self.downloader.finder, &self.downloader.order, task).1 {
            failure.message = format!("{}; {warning}", failure.message);
        }
        failure.candidates = candidates;
        failure
    }
}

/// The best candidate in this language that must not be taken, with the reason.
fn nearest_rejected(listing: &Listing, language: &Language, task: &DownloadRequested) -> Option<String> {
    let choice = select::choose(&listing.found, language, &task.spec);
    let is_near = |at: &usize| {
        let offered = &listing.found[*at].1.language;
        (language.accepts(offered) || offered.is_undetermined()) && choice.rejections[*at].is_some()
    };
    let at = (0..listing.found.len()).filter(is_near).max_by_key(|at| choice.scores[*at].percent())?;
    let found = &listing.found[at].1;
    Some(format!("{} {} {}", found.source, found.label, choice.rejections[at].as_deref()?))
}

/// With one source its own reason, with several a list. There is a time to wait for only if all sources wait for a quota;
/// otherwise another attempt may succeed earlier.
fn unanswered(errors: &[SourceError], order: &[SourceId]) -> Failure {
    let is_quota = |error: &SourceError| matches!(error.kind, SourceErrorKind::Quota(_));
    let quota = errors.iter().filter_map(|error| match error.kind {
        SourceErrorKind::Quota(until) => until,
        _ => None,
    });
    let not_before = quota.min().filter(|_| errors.iter().all(is_quota));
    let listed: Vec<String> = order.iter().map(|source| answer(*source, errors)).collect();
    let is_permanent = |error: &SourceError| !error.reason().is_retryable();
    let permanent = errors.iter().find(|error| is_permanent(error)).filter(|_| errors.iter().all(is_permanent));
    let waiting = errors.first().filter(|_| errors.iter().all(is_quota));
    let failure = match (errors, permanent.or(waiting)) {
        ([error], _) if order.len() == 1 => Failure::new(error.reason(), chain(error)),
        // What no further attempt changes, or only time does, keeps its own reason.
        (_, Some(error)) => Failure::new(error.reason(), format!("{}; all: {}", chain(error), listed.join("; "))),
        _ => Failure::new(
            Reason::AllSourcesFailed,
            format!("nothing was found, but not every source could be asked: {}", listed.join("; ")),
        ),
    };
    Failure { not_before, ..failure }
}

fn answer(source: SourceId, errors: &[SourceError]) -> String {
    let error = errors.iter().find(|error| error.source_id == source);
    error.map_or_else(|| format!("{source}: has nothing usable"), |error| format!("{source}: {}", error.explanation()))
}

fn not_found(wanted: &Language, from: &[Language], order: &[SourceId], task: &DownloadRequested) -> String {
    let video = display_name(&task.spec.video);
    let mut message = format!(
        "no '{wanted}' subtitle for {video} in: {}",
        order.iter().map(|source| source.name()).collect::<Vec<_>>().join(", ")
    );
    match (task.spec.translation.policy, from) {
        (TranslationPolicy::Never, _) => message.push_str("; spec.translation.policy is Never"),
        (_, []) => message.push_str("; spec.translation.from names no other language"),
        (_, from) => {
            let from: Vec<&str> = from.iter().map(Language::as_str).collect();
            message.push_str("; nothing to translate from in: ");
            message.push_str(&from.join(", "));
        }
    }
    message
}
