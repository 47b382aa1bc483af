//! The formats of text subtitles: a text comes in, what it is goes out. Pure.

use std::fmt;

use super::{Unusable, line::Lines};

/// A format that is read and written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// SubRip.
    Srt,
    /// W3C WebVTT.
    WebVtt,
    /// Advanced SubStation Alpha, and SubStation Alpha.
    Ass,
}

impl Format {
    /// The name in a result.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Srt => "SRT",
            Self::WebVtt => "WebVTT",
            Self::Ass => "ASS",
        }
    }

    /// The file name extension.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Srt => "srt",
            Self::WebVtt => "vtt",
            Self::Ass => "ass",
        }
    }

    /// The format that a file name's extension stands for; none for those that are not written.
    pub fn of_extension(extension: &str) -> Option<Self> {
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
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
}

impl Origin {
    /// The name in a report.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Srt => "SRT",
            Self::WebVtt => "WebVTT",
            Self::Ass => "ASS",
            Self::Ssa => "SSA",
            Self::MicroDvd => "MicroDVD",
            Self::SubViewer => "SubViewer",
        }
    }

    /// The format its cues have once read.
    pub const fn format(self) -> Format {
        match self {
            Self::WebVtt => Format::WebVtt,
            Self::Ass | Self::Ssa => Format::Ass,
            Self::Srt | Self::MicroDvd | Self::SubViewer => Format::Srt,
        }
    }

    /// What a text without a byte order mark is, by its content: extensions lie. A text of no format is read as
    /// SubRip, whose reader says what it missed.
    pub(super) fn sniff(text: &str) -> Result<Self, Unusable> {
        let start = text.trim_start();
        match no_subtitle(start) {
            Some(other) => Err(other),
            None => Ok(Self::certain(start).unwrap_or(Self::Srt)),
        }
    }

    /// Whether a text, its charset aside, has what only subtitles have.
    pub(super) fn is_certain(text: &str) -> bool {
        Self::certain(text.trim_start_matches('\u{FEFF}').trim_start()).is_some()
    }

    /// The first line that only one format has decides; later ones may be what somebody says.
    fn certain(start: &str) -> Option<Self> {
        if super::webvtt::has_signature(start) {
            return Some(Self::WebVtt);
        }
        let lines = || Lines::new(start).take(SNIFFED).map(|line| line.text.trim());
        let origin = lines().find_map(|line| {
            let is_section = |name| starts_with_ignoring_case(line, name);
            if ["[Script Info]", "[V4 Styles]", "[V4+ Styles]", "[Events]", "Dialogue:"].into_iter().any(is_section) {
                Some(Self::Ass)
            } else if super::microdvd::frames(line).is_some() {
                Some(Self::MicroDvd)
            } else if super::subviewer::times(line).is_some() {
                Some(Self::SubViewer)
            } else {
                super::time::read_line(line).map(|_| Self::Srt)
            }
        })?;
        let is_old = |line: &str| {
            starts_with_ignoring_case(line, "[V4 Styles]")
                || line.replace(' ', "").eq_ignore_ascii_case("ScriptType:v4.00")
        };
        Some(if origin == Self::Ass && lines().any(is_old) { Self::Ssa } else { origin })
    }
}

/// How many lines may be in front of the first that tells the format.
const SNIFFED: usize = 500;

pub(super) fn starts_with_ignoring_case(line: &str, start: &str) -> bool {
    line.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// What a text in a subtitle's place often is: a quota page, a log-in page, an answer of an API.
fn no_subtitle(start: &str) -> Option<Unusable> {
    if start.starts_with("# VobSub index") {
        return Some(Unusable::ImageBased("a VobSub index"));
    }
    if start.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(start).is_ok() {
        return Some(Unusable::NotSubtitles("JSON"));
    }
    let tags = ["<!doctype", "<html", "<head", "<body", "<?xml", "<!--", "<svg", "<rss", "<feed"];
    let is_page = tags.iter().any(|tag| starts_with_ignoring_case(start, tag));
    is_page.then_some(Unusable::NotSubtitles("a web page or XML"))
}
