//! What a subtitle file is: bytes come in, cues go out, and the other way round. Pure; used by every source and
//! engine.
//!
//! ```text
//! bytes ── container ──▶ bytes ── charset ──▶ text ── format ──▶ cues + document ── write ──▶ UTF-8
//! ```
//!
//! A cue's text keeps its format's own markup. What is not cue text stays in the document, so that a WebVTT or ASS
//! file is written back byte for byte, line ends and byte order mark included; SubRip has nothing else and is written
//! in its canonical form. New files are UTF-8 and end their lines with LF.

mod ass;
pub mod charset;
pub mod container;
mod document;
pub mod file;
mod format;
mod hebrew;
pub mod language;
mod line;
pub(crate) mod markup;
mod microdvd;
mod script;
mod srt;
mod subviewer;
mod time;
mod unusable;
mod warning;
mod webvtt;

use subtitle_contract::job::OutputFormat;

pub use format::{Format, Origin};
pub(crate) use script::is_right_to_left;
pub use unusable::Unusable;
pub use warning::{Code, Warning};

use document::Document;
use warning::Losses;

/// One line on screen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cue {
    /// When it appears, in milliseconds.
    pub start: u64,
    /// When it disappears, in milliseconds; never before `start`.
    pub end: u64,
    /// What is shown, in the markup of the subtitle's format.
    pub text: String,
    /// What the file calls it: SubRip's number, WebVTT's identifier.
    pub id: Option<Box<str>>,
    /// What follows the times on their line.
    pub settings: Option<Box<str>>,
}

impl Cue {
    /// A cue of times and text only.
    pub const fn new(start: u64, end: u64, text: String) -> Self {
        Self { start, end, text, id: None, settings: None }
    }
}

/// What is known of a file besides its text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hints {
    /// The video's frames per second, for formats that count in frames.
    pub frame_rate: Option<f64>,
    /// Whether the bytes began with UTF-8's byte order mark.
    pub has_mark: bool,
}

/// A text file that was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subtitle {
    /// What it was.
    pub origin: Origin,
    /// Whose markup the cues have.
    pub format: Format,
    /// At least one, ordered by start in SubRip and as in the file elsewhere. Its length is fixed: a document has a
    /// place for each.
    pub cues: Box<[Cue]>,
    /// What was repaired, by line.
    pub warnings: Vec<Warning>,
    /// Everything but the cues, in formats that have more.
    document: Option<Document>,
}

/// A text in another format's markup as SubRip has it.
pub(crate) fn srt_text(from: Format, text: &str) -> String {
    if from == Format::Srt {
        return text.to_owned();
    }
    markup::convert(from, Format::Srt, text, None, &mut Losses::default()).text
}

/// A file and what it could not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The file.
    pub text: String,
    /// What a conversion lost; empty where the format stayed.
    pub losses: Vec<Warning>,
}

/// Texts that do not fit a subtitle's cues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to put {given} texts into {cues} cues")]
pub struct TextCount {
    cues: usize,
    given: usize,
}

impl Subtitle {
    /// Reads a decoded text, whatever its extension says.
    pub fn read(text: &str) -> Result<Self, Unusable> {
        Self::read_with(text, Hints::default())
    }

    /// Reads a decoded text with what else is known of it.
    pub fn read_with(text: &str, hints: Hints) -> Result<Self, Unusable> {
        let (text, has_mark) = match text.strip_prefix('\u{FEFF}') {
            Some(text) => (text, true),
            None => (text, hints.has_mark),
        };
        let origin = Origin::sniff(text)?;
        let mut warnings = Vec::new();
        let (cues, document) = match origin {
            Origin::Srt => (srt::read(text, &mut warnings), None),
            Origin::MicroDvd => (microdvd::read(text, hints.frame_rate, &mut warnings)?, None),
            Origin::SubViewer => (subviewer::read(text, &mut warnings), None),
            Origin::WebVtt => {
                let (cues, document) = webvtt::read(text, has_mark, &mut warnings);
                (cues, Some(document))
            }
            Origin::Ass | Origin::Ssa => {
                let (cues, document) = ass::read(text, has_mark, &mut warnings);
                (cues, Some(document))
            }
        };
        if cues.iter().all(|cue| cue.text.trim().is_empty()) {
            return Err(Unusable::NoCue { lines: line::Lines::new(text).count(), origin });
        }
        warnings.sort_by_key(|warning| warning.line);
        Ok(Self { origin, format: origin.format(), cues: cues.into(), warnings, document })
    }

    /// Cues from elsewhere than a file, with SubRip's markup; those without text are left out.
    pub fn from_cues(mut cues: Vec<Cue>) -> Result<Self, Unusable> {
        for cue in &mut cues {
            cue.text = srt::canonical(cue.text.lines()).0;
        }
        cues.retain(|cue| !cue.text.is_empty());
        cues.sort_by_key(|cue| cue.start);
        if cues.is_empty() {
            return Err(Unusable::NoCue { lines: 0, origin: Origin::Srt });
        }
        let (origin, format) = (Origin::Srt, Format::Srt);
        Ok(Self { origin, format, cues: cues.into(), warnings: Vec::new(), document: None })
    }

    /// The same with other texts, one for each cue, in the same markup.
    pub fn with_texts(mut self, texts: Vec<String>) -> Result<Self, TextCount> {
        if texts.len() != self.cues.len() {
            return Err(TextCount { cues: self.cues.len(), given: texts.len() });
        }
        for (cue, text) in self.cues.iter_mut().zip(texts) {
            cue.text = if self.format == Format::Srt { srt::canonical(text.lines()).0 } else { text };
        }
        Ok(self)
    }

    /// The file in `format`.
    pub fn write(&self, format: Format) -> Written {
        if format == self.format {
            let text = match (&self.document, format) {
                (Some(document), Format::WebVtt) => webvtt::refill(document, &self.cues),
                (Some(document), Format::Ass) => ass::refill(document, &self.cues),
                _ => srt::write(&self.cues),
            };
            return Written { text, losses: Vec::new() };
        }
        let mut losses = Losses::default();
        if self.document.as_ref().is_some_and(|document| document.has_metadata) {
            losses.add(Code::LostMetadata);
        }
        let mut cues: Vec<&Cue> = Vec::with_capacity(self.cues.len());
        for cue in &self.cues {
            if self.format.plain(&cue.text).trim().is_empty() {
                losses.add(Code::EmptyCue);
            } else {
                cues.push(cue);
            }
        }
        cues.sort_by_key(|cue| cue.start);
        let converted = cues.into_iter().map(|cue| self.converted(cue, format, &mut losses));
        let text = match format {
            Format::Srt => srt::write(&converted.collect::<Vec<_>>()),
            Format::WebVtt => webvtt::write(converted),
            Format::Ass => ass::write(converted),
        };
        Written { text, losses: losses.warnings() }
    }

    fn converted(&self, cue: &Cue, format: Format, losses: &mut Losses) -> Cue {
        if format == Format::Ass && (ass::loses_precision(cue.start) || ass::loses_precision(cue.end)) {
            losses.add(Code::LostPrecision);
        }
        if self.format == Format::WebVtt && cue.id.is_some() {
            losses.add(Code::LostIdentifier);
        }
        let converted = markup::convert(self.format, format, &cue.text, cue.settings.as_deref(), losses);
        let settings = converted.settings.map(String::into_boxed_str);
        Cue { start: cue.start, end: cue.end, text: converted.text, id: None, settings }
    }

    /// The format a result has when this is what was found.
    pub const fn output_format(&self, wanted: OutputFormat) -> Format {
        match wanted {
            OutputFormat::Original => self.format,
            OutputFormat::Srt => Format::Srt,
            OutputFormat::WebVtt => Format::WebVtt,
            OutputFormat::Ass => Format::Ass,
        }
    }
}

#[cfg(test)]
mod tests;
