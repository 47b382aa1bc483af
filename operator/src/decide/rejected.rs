//! A status that the API server does not accept comes in; the same without what may be too long or unknown to an older
//! CRD goes out. Called by the consumer loop. Pure.

use subtitle_contract::{job::SubtitleJobStatus, text::clean};

/// Characters that are kept of a text.
const SHORT: usize = 200;

/// The same status with short texts, and without what only explains the result.
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
