//! A subtitle that was read: a decoded text comes in, its cues go out, and are written back in any format. Drives the
//! readers, writers and conversions of the other folders. Pure.

mod fence;
pub(super) mod rolling;

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use subtitle_contract::job::OutputFormat;

use super::{
    Code, Cue, Format, SourceFormat, Unusable, Warning,
    document::Document,
    formats::{ass, lrc, microdvd, mpl2, sami, sniff, srt, subviewer, tmplayer, ttml, webvtt},
    line::Lines,
    markup,
    warning::{self, Losses},
};

/// What is known about a file besides its text.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Hints {
    /// The video's frames per second, for formats that count in frames.
    pub frame_rate: Option<f64>,
    /// Whether the bytes began with UTF-8's byte order mark.
    pub has_mark: bool,
}

/// A text file that was understood.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subtitle {
    /// The format of the file.
    pub origin: SourceFormat,
    /// The format whose markup the cues have.
    pub format: Format,
    /// At least one, ordered by start in SubRip and as in the file elsewhere. Its length is fixed: a document has a
    /// place for each.
    pub cues: Box<[Cue]>,
    /// What was repaired, by line.
    pub warnings: Vec<Warning>,
    /// Everything but the cues, in formats that have more.
    document: Option<Document>,
}

/// A written file and what could not be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The whole file.
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

/// The cues without repetitions, which segments have of what is shown across their ends; `None` if there are none.
fn each_once(cues: &[Cue]) -> Option<Vec<Cue>> {
    let mut seen = HashSet::with_capacity(cues.len());
    let mut once = Vec::with_capacity(cues.len());
    for cue in cues {
        if seen.insert((cue.start, cue.end, cue.text.as_str())) {
            once.push(cue.clone());
        }
    }
    (once.len() < cues.len()).then_some(once)
}

impl Subtitle {
    /// Reads a decoded text; its content decides the format, not its extension.
    pub fn read(text: &str) -> Result<Self, Unusable> {
        Self::read_with(text, Hints::default())
    }

    /// Reads a decoded text with what else is known about it.
    pub fn read_with(text: &str, hints: Hints) -> Result<Self, Unusable> {
        let (text, has_mark) = match text.strip_prefix('\u{FEFF}') {
            Some(text) => (text, true),
            None => (text, hints.has_mark),
        };
        let mut warnings = Vec::new();
        let (text, skipped_lines) = if let Some(fenced) = fence::content(text) {
            warnings.push(Warning::new(Code::IgnoredBlock, 1));
            fenced
        } else {
            (text, 0)
        };
        let origin = sniff::sniff(text)?;
        let (mut cues, mut document) = match origin {
            SourceFormat::Srt => (srt::read(text, &mut warnings), None),
            SourceFormat::MicroDvd => (microdvd::read(text, hints.frame_rate, &mut warnings)?, None),
            SourceFormat::SubViewer | SourceFormat::Sbv => (subviewer::read(text, &mut warnings), None),
            SourceFormat::SubViewer1 => (subviewer::read_single(text, &mut warnings), None),
            SourceFormat::Mpl2 => (mpl2::read(text, &mut warnings), None),
            SourceFormat::TmPlayer => (tmplayer::read(text, &mut warnings), None),
            SourceFormat::Sami => (sami::read(text, &mut warnings), None),
            SourceFormat::Ttml => (ttml::read(text, &mut warnings), None),
            SourceFormat::Lrc => (lrc::read(text, &mut warnings), None),
            SourceFormat::WebVtt => {
                let (cues, document) = webvtt::read_tolerantly(text, has_mark, &mut warnings);
                (cues, Some(document))
            }
            SourceFormat::Ass | SourceFormat::Ssa => {
                let (cues, document) = ass::read(text, has_mark, &mut warnings);
                (cues, Some(document))
            }
        };
        let format = origin.format();
        if let Some(folded) = rolling::folded(format, &cues) {
            let message = format!("{}: {} cues became {}", Code::FoldedCaptions.meaning(), cues.len(), folded.len());
            warnings.push(Warning::whole(Code::FoldedCaptions, message));
            (cues, document) = (folded, None);
        }
        if warnings.iter().any(|warning| warning.code == Code::JoinedSegments)
            && let Some(once) = each_once(&cues)
        {
            (cues, document) = (once, None);
        }
        warnings.sort_by_key(|warning| warning.line);
        warning::quote_unread(text, &mut warnings);
        for warning in warnings.iter_mut().filter(|warning| warning.line > 0) {
            warning.line += skipped_lines;
        }
        if cues.iter().all(|cue| format.plain(&cue.text).trim().is_empty()) {
            return Err(Unusable::without_cues(Lines::new(text).count(), cues.len(), origin, &warnings));
        }
        Ok(Self { origin, format, cues: cues.into(), warnings, document })
    }

    /// How many cues the file has that could not be read, and that are therefore missing from `cues`. A translation or
    /// conversion of the rest is not complete.
    pub fn unread_cues(&self) -> usize {
        self.warnings.iter().filter(|warning| warning.code.is_unread_cue()).count()
    }

    /// Cues from elsewhere than a file, with SubRip's markup; those without text are left out.
    pub fn from_cues(mut cues: Vec<Cue>) -> Result<Self, Unusable> {
        for cue in &mut cues {
            cue.text = srt::canonical(cue.text.lines()).text;
        }
        cues.retain(|cue| !cue.text.is_empty());
        cues.sort_by_key(|cue| cue.start);
        if cues.is_empty() {
            return Err(Unusable::NoCue { lines: 0, origin: SourceFormat::Srt });
        }
        let (origin, format) = (SourceFormat::Srt, Format::Srt);
        Ok(Self { origin, format, cues: cues.into(), warnings: Vec::new(), document: None })
    }

    /// The same cues with other texts, one for each, in the same markup.
    pub fn with_texts(mut self, texts: Vec<String>) -> Result<Self, TextCount> {
        if texts.len() != self.cues.len() {
            return Err(TextCount { cues: self.cues.len(), given: texts.len() });
        }
        for (cue, text) in self.cues.iter_mut().zip(texts) {
            cue.text = if self.format == Format::Srt { srt::canonical(text.lines()).text } else { text };
        }
        Ok(self)
    }

    /// The file in `format`. At least one cue is left, since a subtitle without a visible one is not read.
    pub fn write(&self, format: Format) -> Written {
        if format == self.format {
            let text = match (&self.document, format) {
                (Some(document), Format::WebVtt) => webvtt::refill(document, &self.cues),
                (Some(document), Format::Ass) => ass::refill(document, &self.cues),
                (None, Format::WebVtt) => webvtt::write(self.cues.iter().cloned()),
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
        let mut converted: Vec<Cue> = cues.into_iter().map(|cue| self.converted(cue, format, &mut losses)).collect();
        if let Some(folded) = rolling::folded(format, &converted) {
            losses.add(Code::FoldedCaptions);
            converted = folded;
        }
        let text = match format {
            Format::Srt => srt::write(&converted),
            Format::WebVtt => webvtt::write(converted.into_iter()),
            Format::Ass => ass::write(converted.into_iter()),
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
        let text = match format {
            Format::Srt => srt::canonical(converted.text.lines()).text,
            Format::WebVtt | Format::Ass => converted.text,
        };
        Cue { start: cue.start, end: cue.end, text, id: None, settings }
    }

    /// The format of a job's result for this source.
    pub const fn output_format(&self, wanted: OutputFormat) -> Format {
        match wanted {
            OutputFormat::Original => self.format,
            OutputFormat::Srt => Format::Srt,
            OutputFormat::WebVtt => Format::WebVtt,
            OutputFormat::Ass => Format::Ass,
        }
    }
}
