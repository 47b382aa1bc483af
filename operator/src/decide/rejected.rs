//! Shortens a status that the API server rejects: removes what may be too long or unknown to an older CRD. Called by the
//! consumer loop. Pure.

use subtitle_contract::{job::SubtitleJobStatus, text::sanitize};

/// Maximum length of a string in characters.
const MAX_CHARS: usize = 200;

/// The status with truncated strings, and without the fields that only explain the result.
pub fn shortened(mut status: SubtitleJobStatus) -> SubtitleJobStatus {
    status.message = status.message.map(|message| sanitize(&message, MAX_CHARS));
    status.video = status.video.map(|video| sanitize(&video, MAX_CHARS));
    status.candidates = Vec::new();
    status.warnings = Vec::new();
    for condition in &mut status.conditions {
        condition.message = sanitize(&condition.message, MAX_CHARS);
    }
    status
}
