//! The formats of text subtitles and their names. Pure.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A format that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// SubRip.
    Srt,
    /// W3C WebVTT.
    WebVtt,
    /// Advanced SubStation Alpha, and SubStation Alpha.
    Ass,
}

impl Format {
    /// The name in a job's result.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Srt => "SRT",
            Self::WebVtt => "WebVTT",
            Self::Ass => "ASS",
        }
    }

    /// The file name extension, without a dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Srt => "srt",
            Self::WebVtt => "vtt",
            Self::Ass => "ass",
        }
    }

    /// The format for a file name's extension; `None` for formats that are not written.
    pub fn from_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "srt" => Some(Self::Srt),
            "vtt" | "webvtt" => Some(Self::WebVtt),
            "ass" | "ssa" => Some(Self::Ass),
            _ => None,
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// What a file was before it was read: some formats are only read, as cues with SubRip's markup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SourceFormat {
    /// SubRip.
    Srt,
    /// W3C WebVTT.
    WebVtt,
    /// Advanced SubStation Alpha (version 4+).
    Ass,
    /// SubStation Alpha (version 4).
    Ssa,
    /// Frames instead of times.
    MicroDvd,
    /// Two times on a line, `[br]` between lines.
    SubViewer,
    /// Each time on a line of its own.
    SubViewer1,
    /// YouTube's: two times on a line, as SubViewer, with milliseconds.
    Sbv,
    /// Tenths of a second in brackets.
    Mpl2,
    /// A start and no end in front of each text.
    TmPlayer,
    /// Microsoft's HTML-like format.
    Sami,
    /// W3C TTML, IMSC, EBU-TT and DFXP.
    Ttml,
    /// The words of a song.
    Lrc,
}

impl SourceFormat {
    /// Every format that is read.
    pub const ALL: [Self; 13] = [
        Self::Srt,
        Self::WebVtt,
        Self::Ass,
        Self::Ssa,
        Self::MicroDvd,
        Self::SubViewer,
        Self::SubViewer1,
        Self::Sbv,
        Self::Mpl2,
        Self::TmPlayer,
        Self::Sami,
        Self::Ttml,
        Self::Lrc,
    ];

    /// The name in reports and errors.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Srt => "SRT",
            Self::WebVtt => "WebVTT",
            Self::Ass => "ASS",
            Self::Ssa => "SSA",
            Self::MicroDvd => "MicroDVD",
            Self::SubViewer => "SubViewer",
            Self::SubViewer1 => "SubViewer 1",
            Self::Sbv => "SBV",
            Self::Mpl2 => "MPL2",
            Self::TmPlayer => "TMPlayer",
            Self::Sami => "SAMI",
            Self::Ttml => "TTML",
            Self::Lrc => "LRC",
        }
    }

    /// The format whose markup the cues have once read.
    pub const fn format(self) -> Format {
        match self {
            Self::WebVtt => Format::WebVtt,
            Self::Ass | Self::Ssa => Format::Ass,
            _ => Format::Srt,
        }
    }
}
