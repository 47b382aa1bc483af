//! A status the API server does not accept: what may be too long or of a newer kind is left out. Pure.

use subtitle_contract::{job::SubtitleJobStatus, text::clean};

/// Characters of a message that is shortened.
const SHORT: usize = 200;

/// The same status with short texts, and without what only explains it.
pub fn shortened(mut status: SubtitleJobStatus) -> SubtitleJobStatus {
    status.message = status.message.map(|message| clean(&message, SHORT));
    status.video = status.video.map(|video| clean(&video, SHORT));
    status.candidates = Vec::new();
    status.warnings = Vec::new();
    for condition in &mut status.conditions {
        condition.message = clean(&condition.message, SHORT);
    }
    status
}
