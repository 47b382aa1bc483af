//! The task of a job's current attempt and step. It is always the same event except for its timestamp, so that publishing it
//! is idempotent. Pure.

use jiff::Timestamp;
use subtitle_contract::{
    event::{Event, source},
    payload::{DownloadRequested, TranslateRequested},
    phase::Step,
    record::{display_name, location},
};

use crate::observe::job::ValidJob;

/// The task of the current attempt and step.
pub fn task(ValidJob { job, language, .. }: &ValidJob, now: Timestamp) -> Event {
    let (spec, status) = (job.spec.clone(), &job.status);
    if let (true, Some(from)) = (status.step == Step::Translate, status.from.clone()) {
        let payload = TranslateRequested {
            subtitle_file_path: from.key.clone(),
            source_language: from.language.clone(),
            target_language: language.to_string(),
            from,
            candidates: status.candidates.clone(),
            spec,
            glossary: status.glossary.clone(),
        };
        return Event::new(&job.subject(), source::MANAGER, now, &payload);
    }
    let payload = DownloadRequested {
        video_url: location(&spec.video),
        video_title: display_name(&spec.video),
        language: language.to_string(),
        preferred_sources: spec.source_names(),
        spec,
        glossary: status.glossary.clone(),
    };
    Event::new(&job.subject(), source::MANAGER, now, &payload)
}
