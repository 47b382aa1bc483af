//! The closed list of reasons why a text is no subtitle. Pure.

use super::SourceFormat;

/// Why there is no subtitle in a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// A page of a web site, a JSON answer, or the like.
    #[error("the file is {0}, not a subtitle: the server that gave it may want a log-in, or its quota is used up")]
    NotSubtitles(&'static str),
    /// A subtitle in a format that is not read.
    #[error("the file is {0}, a format that is recognised but not read: convert it to SRT or WebVTT first")]
    UnsupportedFormat(&'static str),
    /// Pictures of text.
    #[error("the file is {0}: its text is pictures, which only character recognition can read")]
    ImageBased(&'static str),
    /// Nothing was found that has a time and a text.
    #[error("the file has no cue: nothing in its {lines} lines reads as a time of {format} followed by text", format = origin.name())]
    NoCue {
        /// Lines in the text.
        lines: usize,
        /// What it was read as.
        origin: SourceFormat,
    },
    /// A file counts in frames and does not say how many make a second.
    #[error(
        "the file counts in frames and its first line is not {{1}}{{1}} with a frame rate: give the video's frame rate"
    )]
    FrameRateUnknown,
}

impl Unusable {
    /// The stable code of the reason.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotSubtitles(_) => "not-a-subtitle",
            Self::UnsupportedFormat(_) => "unsupported-format",
            Self::ImageBased(_) => "image-based",
            Self::NoCue { .. } => "no-cue",
            Self::FrameRateUnknown => "frame-rate-unknown",
        }
    }
}
