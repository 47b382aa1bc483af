//! The phases of a job and their names on the wire. Used by every crate. Pure.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The phase of a job, as in `status.phase`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Phase {
    /// Accepted; its task is not published yet.
    #[default]
    Pending,
    /// The download task is confirmed by the broker.
    DownloadQueued,
    /// A downloader is working on it.
    DownloadInProgress,
    /// The translation task is confirmed by the broker.
    TranslateQueued,
    /// A translator is working on it.
    TranslateInProgress,
    /// The subtitle is stored.
    Done,
    /// Finished without a subtitle.
    Failed,
}

impl Phase {
    /// Every phase, in the order of the README's table.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::DownloadQueued,
        Self::DownloadInProgress,
        Self::TranslateQueued,
        Self::TranslateInProgress,
        Self::Done,
        Self::Failed,
    ];

    /// Position within an attempt, 0 to 5; it never decreases. Both final phases share the last.
    pub const fn rank(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::DownloadQueued => 1,
            Self::DownloadInProgress => 2,
            Self::TranslateQueued => 3,
            Self::TranslateInProgress => 4,
            Self::Done | Self::Failed => 5,
        }
    }

    /// Whether the attempt has finished.
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }

    /// The name in `status.phase`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::DownloadQueued => "DownloadQueued",
            Self::DownloadInProgress => "DownloadInProgress",
            Self::TranslateQueued => "TranslateQueued",
            Self::TranslateInProgress => "TranslateInProgress",
            Self::Done => "Done",
            Self::Failed => "Failed",
        }
    }

    /// The status in Redis and REST. `Pending` shows as the queued status of the step it waits for.
    pub const fn wire_status(self, step: Step) -> &'static str {
        match (self, step) {
            (Self::Pending, Step::Download) | (Self::DownloadQueued, _) => "DOWNLOAD_QUEUED",
            (Self::DownloadInProgress, _) => "DOWNLOAD_IN_PROGRESS",
            (Self::Pending, Step::Translate) | (Self::TranslateQueued, _) => "TRANSLATE_QUEUED",
            (Self::TranslateInProgress, _) => "TRANSLATE_IN_PROGRESS",
            (Self::Done, _) => "DONE",
            (Self::Failed, _) => "FAILED",
        }
    }

    /// Parses a status in any case, including the names of the old system.
    pub fn from_wire_status(status: &str) -> Option<Self> {
        Some(match status.to_ascii_uppercase().as_str() {
            "PENDING" | "DOWNLOAD_QUEUED" => Self::DownloadQueued,
            "DOWNLOADING" | "DOWNLOAD_IN_PROGRESS" => Self::DownloadInProgress,
            "TRANSLATE_QUEUED" => Self::TranslateQueued,
            "TRANSLATING" | "TRANSLATE_IN_PROGRESS" => Self::TranslateInProgress,
            "COMPLETED" | "DONE" => Self::Done,
            "FAILED" => Self::Failed,
            _ => return None,
        })
    }
}

/// Which worker a job needs next; an attempt starts at the step that the previous one reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum Step {
    /// Find and download a subtitle.
    #[default]
    Download,
    /// Translate the subtitle that was found.
    Translate,
}

impl Step {
    /// The phase of a job whose task for this step is confirmed.
    pub const fn queued_phase(self) -> Phase {
        match self {
            Self::Download => Phase::DownloadQueued,
            Self::Translate => Phase::TranslateQueued,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_except_pending_round_trips_through_its_wire_status() {
        for phase in Phase::ALL.into_iter().skip(1) {
            let status = phase.wire_status(Step::Download);
            assert_eq!(Phase::from_wire_status(&status.to_lowercase()), Some(phase));
        }
        assert_eq!(Phase::Pending.wire_status(Step::Translate), "TRANSLATE_QUEUED");
    }

    #[test]
    fn old_status_names_parse_as_the_new_ones() {
        for (old, new) in [
            ("downloading", Phase::DownloadInProgress),
            ("TRANSLATING", Phase::TranslateInProgress),
            ("Completed", Phase::Done),
            ("PENDING", Phase::DownloadQueued),
        ] {
            assert_eq!(Phase::from_wire_status(old), Some(new));
        }
        assert_eq!(Phase::from_wire_status("LOST"), None);
    }
}
