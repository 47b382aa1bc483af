//! The invariants (design §9), checked by an observer that sees every server at once.

pub(crate) mod acknowledged;
pub(crate) mod corners;
pub(crate) mod lost_tasks;
pub(crate) mod paid;
pub(crate) mod rest;
pub(crate) mod status;

use subtitle_contract::{job::SubtitleJobStatus, lenient::Lenient, phase::Phase, reason::Reason};

/// The phase; one of a newer version comes before the end and after all others.
pub(crate) fn phase_of(status: &SubtitleJobStatus) -> Phase {
    status.phase.known().unwrap_or(Phase::TranslateInProgress)
}

/// The reason, if this version knows it.
pub(crate) fn reason_of(status: &SubtitleJobStatus) -> Option<Reason> {
    status.reason.as_ref().and_then(Lenient::known)
}
