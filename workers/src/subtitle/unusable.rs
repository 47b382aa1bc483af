//! The closed list of reasons why a text is no subtitle. Pure.

use super::{Code, SourceFormat, Warning};

/// Why there is no subtitle in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// What a server sends in a subtitle's place.
    #[error("the file is {0}, not a subtitle: its server may require a login, or its quota may be used up")]
    ServerPage(&'static str),
    /// A text in another format, which has no subtitles.
    #[error("the file is {0}, not a subtitle")]
    NotSubtitles(&'static str),
    /// A subtitle in a format that is not read.
    #[error("the file is {0}, a format that is recognised but not read: convert it to SRT or WebVTT first")]
    UnsupportedFormat(&'static str),
    /// A bitmap subtitle.
    #[error("the file is {0}: a bitmap subtitle, which has no text to read without OCR")]
    ImageBased(&'static str),
    /// Nothing was found that has a time and a text.
    #[error("the file has no cue: nothing in its {lines} lines reads as a time of {format} followed by text", format = origin.name())]
    NoCue {
        /// Lines in the text.
        lines: usize,
        /// What it was read as.
        origin: SourceFormat,
    },
    /// It has time lines, but none that can be read.
    #[error("the file has no cue: none of its {count} time lines reads as one of {format}; line {line}: {first}", format = origin.name())]
    UnreadTimes {
        /// Time lines that cannot be read.
        count: usize,
        /// The line number of the first one.
        line: usize,
        /// What is wrong with it.
        first: String,
        /// What the file was read as.
        origin: SourceFormat,
    },
    /// It has times, and no text to show at any of them.
    #[error("the file has no cue with a text: all of its {count} cues of {format} are empty", format = origin.name())]
    NoText {
        /// Cues.
        count: usize,
        /// What the file was read as.
        origin: SourceFormat,
    },
    /// A file counts in frames and does not say how many make a second.
    #[error(
        "the file counts in frames and its first line is not {{1}}{{1}} with a frame rate: give the video's frame rate"
    )]
    FrameRateUnknown,
}

impl Unusable {
    /// Why a text of so many lines, of which so many cues are left, has nothing to show; `warnings` are those of its
    /// reader.
    pub(super) fn without_cues(lines: usize, left: usize, origin: SourceFormat, warnings: &[Warning]) -> Self {
        let mut unread = warnings.iter().filter(|warning| warning.code.is_unread_cue() && warning.line > 0);
        if let Some(first) = unread.next() {
            let (line, first) = (first.line, first.message.to_string());
            return Self::UnreadTimes { count: 1 + unread.count(), line, first, origin };
        }
        let empty = warnings.iter().filter(|warning| warning.code == Code::EmptyCue).count();
        match empty.max(left) {
            0 => Self::NoCue { lines, origin },
            count => Self::NoText { count, origin },
        }
    }

    /// The stable code of the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ServerPage(_) | Self::NotSubtitles(_) => "not-a-subtitle",
            Self::UnsupportedFormat(_) => "unsupported-format",
            Self::ImageBased(_) => "image-based",
            Self::NoCue { .. } | Self::UnreadTimes { .. } | Self::NoText { .. } => "no-cue",
            Self::FrameRateUnknown => "frame-rate-unknown",
        }
    }
}
