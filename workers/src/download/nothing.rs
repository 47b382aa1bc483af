//! Why there is no subtitle: a source that could not be asked is not the same as one that has none, and pictures of
//! text are not the same as nothing.

use subtitle_contract::{
    job::TranslationPolicy,
    language::Language,
    payload::DownloadRequested,
    reason::Reason,
    record::{display_name, location},
};

use super::{Downloader, look::Looked};
use crate::{
    clock::Clock,
    failure::Failure,
    find::{Claims, Found, SourceError, Trouble, Unfit, select},
    search::Search,
};

impl<S: Search, C: Clock> Downloader<S, C> {
    /// The failure that says it, with everything that was considered.
    pub(super) async fn nothing(
        &self,
        looked: Looked,
        wanted: &Language,
        from: &[Language],
        order: &[&'static str],
        task: &DownloadRequested,
    ) -> Failure {
        let choice = select::choose(&looked.found, wanted, &task.spec);
        let candidates = looked.candidates(&choice, None);
        let is_image = |found: &Found| matches!(found.origin, Err(Unfit::Images(_)));
        let images = looked.found.iter().filter(|(_, one)| is_image(one));
        let images: Vec<String> = images.map(|(_, one)| format!("{} ({})", one.label, one.language)).collect();
        // What providers list is for another video or in another language, or it would have been tried.
        let mut of_this_video = looked.found.iter().filter(|(_, one)| matches!(one.claims, Claims::ThisVideo { .. }));
        let is_image_only = !images.is_empty() && of_this_video.all(|(_, one)| is_image(one));
        let mut failure = if !looked.errors.is_empty() {
            unanswered(&looked.errors, order)
        } else if let Some((_, failure)) = looked.bad.first() {
            Failure::new(failure.reason, &failure.message)
        } else if self.finder.sources().is_missing(&task.spec.video).await {
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
            // Such as the only track that is there, which is forced.
            let nearest = std::iter::once(wanted).chain(from).find_map(|language| refused(&looked, language, task));
            let nearest = nearest.map(|nearest| format!("; nearest: {nearest}")).unwrap_or_default();
            Failure::new(Reason::NoSubtitleFound, message + &nearest)
        };
        failure.candidates = candidates;
        failure
    }
}

/// The best that is in this language and must not be taken, with why.
fn refused(looked: &Looked, language: &Language, task: &DownloadRequested) -> Option<String> {
    let choice = select::choose(&looked.found, language, &task.spec);
    let is_near = |at: &usize| language.accepts(&looked.found[*at].1.language) && choice.refusals[*at].is_some();
    let at = (0..looked.found.len()).filter(is_near).max_by_key(|at| choice.scores[*at].percent())?;
    let found = &looked.found[at].1;
    Some(format!("{} {} {}", found.source, found.label, choice.refusals[at].as_deref()?))
}

/// With one source its own reason; with several the list. Waiting for a quota has a time only where nothing else is in
/// the way, or another attempt at once would be as useful.
fn unanswered(errors: &[SourceError], order: &[&'static str]) -> Failure {
    let is_quota = |error: &SourceError| matches!(error.trouble, Trouble::Quota(_));
    let quota = errors.iter().filter_map(|error| match error.trouble {
        Trouble::Quota(until) => until,
        _ => None,
    });
    let not_before = quota.min().filter(|_| errors.iter().all(is_quota));
    let listed: Vec<String> = order.iter().map(|source| answer(source, errors)).collect();
    let is_hopeless = |error: &SourceError| !error.reason().is_retryable();
    let hopeless = errors.iter().find(|error| is_hopeless(error)).filter(|_| errors.iter().all(is_hopeless));
    let waiting = errors.first().filter(|_| errors.iter().all(is_quota));
    let failure = match (errors, hopeless.or(waiting)) {
        ([error], _) if order.len() == 1 => Failure::new(error.reason(), error),
        // What no further attempt changes, or only time does, is said by its own name.
        (_, Some(error)) => Failure::new(error.reason(), format!("{error}; all: {}", listed.join("; "))),
        _ => Failure::new(
            Reason::AllSourcesFailed,
            format!("nothing was found, but not every source could be asked: {}", listed.join("; ")),
        ),
    };
    Failure { not_before, ..failure }
}

fn answer(source: &str, errors: &[SourceError]) -> String {
    let error = errors.iter().find(|error| error.source_name == source);
    error.map_or_else(|| format!("{source}: has nothing usable"), |error| format!("{source}: {}", error.message))
}

fn not_found(wanted: &Language, from: &[Language], order: &[&'static str], task: &DownloadRequested) -> String {
    let video = display_name(&task.spec.video);
    let mut message = format!("no '{wanted}' subtitle for {video} in: {}", order.join(", "));
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
