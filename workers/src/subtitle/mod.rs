//! What a subtitle file is: bytes come in, cues go out, and the other way round. Pure; used by every source and
//! engine.
//!
//! ```text
//! bytes ── charset ──▶ text ── format ──▶ cues (time, text) ── write ──▶ UTF-8, LF
//! ```

mod ass;
pub mod charset;
pub(crate) mod markup;
mod srt;
mod time;
mod webvtt;

use std::fmt;

use subtitle_core::job::OutputFormat;

pub(crate) use markup::Markup;

/// One line on screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cue {
    /// When it appears, in milliseconds.
    pub start: u64,
    /// When it disappears, in milliseconds; never before `start`.
    pub end: u64,
    /// Lines joined by `\n`, with the tags `<i> <b> <u> <s> <font>` and `{\an8}`-like positions as SRT has them.
    pub text: String,
}

/// A file format of text subtitles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// SubRip.
    Srt,
    /// W3C WebVTT.
    WebVtt,
    /// Advanced SubStation Alpha, and SubStation Alpha; read only.
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

    /// What the text is, by its content: extensions lie.
    pub fn sniff(text: &str) -> Self {
        let start = text.trim_start();
        if start.starts_with("WEBVTT") {
            Self::WebVtt
        } else if start.starts_with("[Script Info]") || text.lines().any(|line| line.starts_with("Dialogue:")) {
            Self::Ass
        } else {
            Self::Srt
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Why a text is no subtitle.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// A page of a web site, a JSON answer, or the like.
    #[error("the file is {0}, not a subtitle")]
    NotSubtitles(&'static str),
    /// Nothing was found that has a time and a text.
    #[error("the file has no cue: nothing in its {lines} lines reads as a {format} time followed by text")]
    NoCue {
        /// Lines in the text.
        lines: usize,
        /// The format it was read as.
        format: Format,
    },
}

/// A text file that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtitle {
    /// What it was.
    pub format: Format,
    /// Ordered by start; at least one.
    pub cues: Vec<Cue>,
}

impl Subtitle {
    /// Reads a decoded text, whatever its extension says.
    pub fn read(text: &str) -> Result<Self, Unusable> {
        let start = text.trim_start();
        if start.starts_with('<') && start.get(..5).is_some_and(|tag| !tag.eq_ignore_ascii_case("<sami")) {
            return Err(Unusable::NotSubtitles("a web page or XML"));
        }
        if start.starts_with('{') && serde_json::from_str::<serde_json::Value>(start).is_ok() {
            return Err(Unusable::NotSubtitles("JSON"));
        }
        let text = text.replace("\r\n", "\n").replace('\r', "\n");
        let format = Format::sniff(&text);
        let mut cues = match format {
            Format::Srt => srt::read(&text),
            Format::WebVtt => webvtt::read(&text),
            Format::Ass => ass::read(&text),
        };
        cues.retain(|cue| !cue.text.trim().is_empty());
        cues.sort_by_key(|cue| cue.start);
        if cues.is_empty() {
            return Err(Unusable::NoCue { lines: text.lines().count(), format });
        }
        Ok(Self { format, cues })
    }

    /// The text in `format`; ASS is written as SRT, which every player reads.
    pub fn write(&self, format: Format) -> String {
        match format {
            Format::WebVtt => webvtt::write(&self.cues),
            Format::Srt | Format::Ass => srt::write(&self.cues),
        }
    }

    /// The format a result has when this is what was found.
    pub const fn output_format(&self, wanted: OutputFormat) -> Format {
        match (wanted, self.format) {
            (OutputFormat::WebVtt, _) | (OutputFormat::Original, Format::WebVtt) => Format::WebVtt,
            _ => Format::Srt,
        }
    }
}

#[cfg(test)]
mod tests;
