//! What a reader repaired and what a conversion lost: the one closed list of codes. Pure.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};
use subtitle_contract::text;

use super::line::Lines;

/// The longest quotation of a line, in characters.
const MAX_QUOTE: usize = 80;

macro_rules! codes {
    ($($(#[doc = $text:literal])+ $name:ident $code:literal;)+) => {
        /// What was repaired, left out or lost. A code's text is an interface: it never changes its meaning.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Code { $($(#[doc = $text])+ $name,)+ }

        impl Code {
            /// Every code, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            /// The code on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $code,)+ }
            }

            /// What it means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => concat!($($text),+).trim_ascii_start(),)+ }
            }
        }
    };
}

codes! {
    /// the line ends are of several kinds; each ends a line
    MixedLineEnds "mixed-line-ends";
    /// the cue's number is missing, or does not follow the number before; cues are numbered again from 1
    IrregularIndex "irregular-index";
    /// the time line is not spelled as the format has it; it was read nevertheless
    IrregularTime "irregular-time";
    /// the line is meant as a time line but its times cannot be read; its cue is missing
    UnreadTimeLine "unread-time-line";
    /// the time is before the start of the video; it became 0
    NegativeTime "negative-time";
    /// the cue ends before it starts; its end became its start
    EndBeforeStart "end-before-start";
    /// the cue starts before the one in front of it; SubRip's and those of formats that are only read are sorted, others stay where they are
    OutOfOrder "out-of-order";
    /// the cue follows the one before without an empty line between them
    MissingBlankLine "missing-blank-line";
    /// there are empty lines inside the cue's text; they were left out
    BlankLineInText "blank-line-in-text";
    /// the cue has no text; it was left out
    EmptyCue "empty-cue";
    /// there is text before the first time line; it was left out
    TextBeforeFirstCue "text-before-first-cue";
    /// there are settings on the time line; they are reported and not written
    TimeLineExtras "time-line-extras";
    /// there are words behind the times on their line; they were read as the first line of the cue's text
    TextOnTimeLine "text-on-time-line";
    /// the cue's tags are misspelled, badly nested, not closed or of another format; they were repaired
    RepairedTags "repaired-tags";
    /// the cue's text has HTML entities; they were decoded
    DecodedEntities "decoded-entities";
    /// the signature WEBVTT is not the first thing in the file; the file was read nevertheless
    MisplacedSignature "misplaced-signature";
    /// the signature WEBVTT is repeated, as in joined segments; the file was read as one
    JoinedSegments "joined-segments";
    /// a time line breaks the rules of WebVTT and cannot be read otherwise; the cue is dropped, as the standard asks
    BadTiming "bad-timing";
    /// a cue setting breaks the rules of WebVTT; it has no effect, as the standard asks
    IgnoredSetting "ignored-setting";
    /// a block is no cue, comment, style or region in the place where it stands; it has no effect
    IgnoredBlock "ignored-block";
    /// a `<` begins no tag; the standard would not show what follows it, so it was read as a character
    UnclosedTag "unclosed-tag";
    /// a NUL was read as U+FFFD, as the standard asks
    ReplacedNul "replaced-nul";
    /// the captions repeat each line as they roll up; each line was kept once
    FoldedCaptions "folded-captions";
    /// the events have no Format line; the usual columns were taken
    MissingFormatLine "missing-format-line";
    /// an event has too few columns or no times; it is kept in the file but is no cue
    BadEvent "bad-event";
    /// an event is a drawing; it is kept in the file but is no cue
    DrawingOnly "drawing-only";
    /// a line of the file belongs to nothing that the format knows; it was left out
    UnknownLine "unknown-line";
    /// the format does not say when the cue ends; it ends with the next one, or after a few seconds
    GuessedEnd "guessed-end";
    /// the file has subtitles in several languages; those with the most cues were read
    ChosenLanguage "chosen-language";
    /// an archive held the file; the others in it were left out
    ChosenFromArchive "chosen-from-archive";
    /// the video ends too early or is damaged; subtitles of it may be missing
    CutOff "cut-off";
    /// bytes of the file are damaged; each was read as U+FFFD
    ReplacedBytes "replaced-bytes";
    /// lines of the file are in another charset than the others; each line was decoded in its own
    MixedCharsets "mixed-charsets";
    /// the text had been decoded wrongly and stored as UTF-8; that was undone
    RepairedDoubleEncoding "repaired-double-encoding";
    /// the Hebrew text was stored in visual order; it was put into reading order
    ReorderedVisualHebrew "reordered-visual-hebrew";
    /// the text is in another language than was declared
    LanguageMismatch "language-mismatch";
    /// lost in the conversion: bold, italics, underline or strike-through that the target lacks
    LostStyle "lost-style";
    /// lost in the conversion: colours, fonts, effects, classes and other markup that the target lacks
    LostMarkup "lost-markup";
    /// lost in the conversion: where the cue stands on the screen
    LostPosition "lost-position";
    /// lost in the conversion: who speaks
    LostVoice "lost-voice";
    /// lost in the conversion: when each syllable is sung or each word shows
    LostKaraoke "lost-karaoke";
    /// lost in the conversion: cue identifiers
    LostIdentifier "lost-identifier";
    /// lost in the conversion: comments, styles, regions, metadata and attachments of the file
    LostMetadata "lost-metadata";
    /// lost in the conversion: milliseconds, as the target counts in hundredths of a second
    LostPrecision "lost-precision";
    /// changed in the conversion: text that the target would have taken for markup or a time
    AlteredText "altered-text";
}

impl Code {
    /// Whether the file has a cue there that was not read: what a viewer would see is missing from the result.
    pub const fn is_unread_cue(self) -> bool {
        matches!(self, Self::UnreadTimeLine | Self::BadTiming | Self::BadEvent)
    }
}

impl fmt::Display for Code {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// One repair or loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// The kind, for programs.
    pub code: Code,
    /// The line of the decoded text, from 1; 0 for the whole file.
    pub line: usize,
    /// The kind in one sentence, for people.
    pub message: Cow<'static, str>,
}

impl Warning {
    pub(crate) const fn new(code: Code, line: usize) -> Self {
        Self { code, line, message: Cow::Borrowed(code.meaning()) }
    }

    pub(crate) fn whole(code: Code, message: String) -> Self {
        Self { code, line: 0, message: message.into() }
    }
}

/// Adds to each warning of a cue that was not read what its line says. The warnings are in the order of their lines.
pub(super) fn quote_unread(content: &str, warnings: &mut [Warning]) {
    let mut lines = Lines::new(content).peekable();
    for warning in warnings.iter_mut().filter(|warning| warning.line > 0 && warning.code.is_unread_cue()) {
        while lines.next_if(|line| line.number < warning.line).is_some() {}
        if let Some(line) = lines.peek().filter(|line| line.number == warning.line) {
            warning.message = format!("{}: '{}'", warning.code.meaning(), text::sanitize(line.text, MAX_QUOTE)).into();
        }
    }
}

impl From<Code> for Warning {
    fn from(code: Code) -> Self {
        Self::new(code, 0)
    }
}

/// What a conversion lost, counted by cue: one warning for each code, however long the file is.
#[derive(Debug, Default)]
pub(crate) struct Losses(Vec<(Code, usize)>);

impl Losses {
    pub(crate) fn add(&mut self, code: Code) {
        match self.0.iter_mut().find(|(known, _)| *known == code) {
            Some((_, times)) => *times += 1,
            None => self.0.push((code, 1)),
        }
    }

    pub(crate) fn warnings(self) -> Vec<Warning> {
        let warning = |(code, times): (Code, usize)| Warning::whole(code, format!("{} ({times}×)", code.meaning()));
        self.0.into_iter().map(warning).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_kebab_case_and_each_is_used_once() {
        let mut codes: Vec<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert!(codes.iter().all(|code| code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')));
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), Code::ALL.len());
        assert_eq!(Code::MixedLineEnds.meaning(), "the line ends are of several kinds; each ends a line");
    }
}
