//! The invariants (design §9), checked by an observer that sees every server at once.

pub(crate) mod acknowledged;
pub(crate) mod corners;
pub(crate) mod paid;
pub(crate) mod rest;
pub(crate) mod status;

use subtitle_contract::{job::SubtitleJobStatus, lenient::Lenient, phase::Phase, reason::Reason};

/// The phase; nothing in the simulation writes an unknown one.
pub(crate) fn phase_of(status: &SubtitleJobStatus) -> Phase {
    status.phase.known().unwrap_or_default()
}

/// The reason; nothing in the simulation writes an unknown one.
pub(crate) fn reason_of(status: &SubtitleJobStatus) -> Option<Reason> {
    status.reason.as_ref().and_then(Lenient::known)
}
