//! Why there is no subtitle: a source that could not be asked is not the same as one that has none, and pictures of
//! text are not the same as nothing.

use subtitle_core::{
    job::{MachineTranslated, TranslationPolicy},
    language::Language,
    payload::DownloadRequested,
    reason::Reason,
    record::{display_name, location},
};

use super::{Downloader, Looked};
use crate::{
    failure::Failure,
    find::{SourceError, Trouble, Unfit, select},
};

impl Downloader {
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
        let images = looked.found.iter().filter(|(_, one)| matches!(one.origin, Err(Unfit::Images(_))));
        let images: Vec<String> = images.map(|(_, one)| format!("{} ({})", one.label, one.language)).collect();
        let mut failure = if !looked.errors.is_empty() {
            unanswered(&looked.errors, order)
        } else if let Some((_, failure)) = looked.bad.into_iter().next() {
            failure
        } else if self.finder.sources.is_missing(&task.spec.video).await {
            let (path, library) = (location(&task.spec.video), &task.spec.video.library);
            Failure::new(
                Reason::VideoUnavailable,
                format!("'{path}' is not in library '{library}', and no subtitle for it was found"),
            )
        } else if !images.is_empty() && looked.found.len() == images.len() {
            Failure::new(
                Reason::ImageBased,
                format!(
                    "the subtitles of {} are pictures of text, which only character recognition can read: {}",
                    display_name(&task.spec.video),
                    images.join(", ")
                ),
            )
        } else {
            Failure::new(Reason::NoSubtitleFound, not_found(wanted, from, order, task))
        };
        failure.candidates = candidates;
        failure
    }
}

/// With one source its own reason; with several the list. Waiting for a quota has a time only where nothing else is in
/// the way, or another attempt at once would be as useful.
fn unanswered(errors: &[SourceError], order: &[&'static str]) -> Failure {
    let quota = errors.iter().filter_map(|error| match error.trouble {
        Trouble::Quota(until) => until,
        _ => None,
    });
    let not_before = quota.min().filter(|_| errors.iter().all(|error| matches!(error.trouble, Trouble::Quota(_))));
    let listed: Vec<String> = order.iter().map(|source| answer(source, errors)).collect();
    let is_hopeless = |error: &SourceError| !error.reason().is_retryable();
    let hopeless = errors.iter().find(|error| is_hopeless(error)).filter(|_| errors.iter().all(is_hopeless));
    let failure = match (errors, hopeless) {
        ([error], _) if order.len() == 1 => Failure::new(error.reason(), error),
        // What no further attempt changes is said by its own name.
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
    if task.spec.selection.machine_translated == MachineTranslated::Allow {
        message.push_str("; no source of this version marks machine translations");
    }
    message
}
