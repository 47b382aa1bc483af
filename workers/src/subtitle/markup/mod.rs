//! Tells the markup in a cue's text from its words: a text in a format's own markup comes in, its segments go out.
//! Everything that shows, converts or translates text asks here first. Pure.

mod ass;
mod convert;
pub(crate) mod inline;
mod position;
mod speakers;
mod srt;
mod token;
mod webvtt;

use std::borrow::Cow;

use super::{Format, warning::Code};
use token::Token;

pub(crate) use convert::convert;
pub(in crate::subtitle) use srt::{SrtRepair, repaired, without_structure};
pub(crate) use token::{Kind, Segment};
pub(in crate::subtitle) use webvtt::webvtt_repaired;

impl Format {
    /// Takes a text apart.
    pub(crate) fn segments<'a>(self, text: &'a str) -> Vec<Segment<'a>> {
        let mut segments = Vec::new();
        let mut push = |kind, raw: &'a str| {
            if !raw.is_empty() {
                segments.push(Segment { kind, raw });
            }
        };
        match self {
            Self::Srt => srt::segments(text, &mut push),
            Self::WebVtt => webvtt::segments(text, &mut push),
            Self::Ass => ass::segments(text, &mut push),
        }
        segments
    }

    /// The words of a text segment: entities and escapes resolved.
    pub(crate) fn decoded(self, raw: &str) -> Cow<'_, str> {
        match self {
            Self::Srt => srt::decoded(raw),
            Self::WebVtt => webvtt::decoded(raw),
            Self::Ass => ass::decoded(raw),
        }
    }

    /// A text as this format writes it so that none of it is markup, and whether it had to be altered for good.
    pub(crate) fn encoded(self, text: &str) -> (Cow<'_, str>, bool) {
        match self {
            Self::Srt => srt::encoded(text),
            Self::WebVtt => (webvtt::encoded(text), false),
            Self::Ass => (ass::encoded(text), false),
        }
    }

    /// What a person reads: no markup, lines joined by `\n`.
    pub fn plain(self, text: &str) -> Cow<'_, str> {
        let has_markup = |byte| match self {
            Self::Srt => matches!(byte, b'<' | b'{' | b'&'),
            Self::WebVtt => matches!(byte, b'<' | b'&'),
            Self::Ass => matches!(byte, b'{' | b'\\'),
        };
        if !text.bytes().any(has_markup) {
            return Cow::Borrowed(text);
        }
        let mut plain = String::with_capacity(text.len());
        for segment in self.segments(text) {
            match segment.kind {
                Kind::Text => plain.push_str(&self.decoded(segment.raw)),
                Kind::Break => plain.push('\n'),
                Kind::Tag | Kind::Drawing => {}
            }
        }
        Cow::Owned(plain)
    }

    /// The lines of a text, markup kept.
    pub fn lines(self, text: &str) -> Vec<&str> {
        let mut lines = Vec::new();
        let (mut start, mut at) = (0, 0);
        for segment in self.segments(text) {
            if segment.kind == Kind::Break {
                lines.push(&text[start..at]);
                start = at + segment.raw.len();
            }
            at += segment.raw.len();
        }
        lines.push(&text[start..]);
        lines
    }

    /// Whether syllables are timed, as a song's are: words of another language would not fit them. The times of
    /// words in WebVTT are not meant: they only make speech appear word by word.
    pub(crate) fn is_timed_inside(self, text: &str) -> bool {
        self == Self::Ass && self.tokens(text).iter().any(|token| matches!(token, Token::Lost(Code::LostKaraoke)))
    }

    /// The text without the times of its words, which a translation's words would not fit.
    pub fn without_word_times(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::WebVtt => webvtt::without_word_times(text),
            Self::Srt | Self::Ass => Cow::Borrowed(text),
        }
    }

    fn tokens(self, text: &str) -> Vec<Token<'_>> {
        let mut tokens = Vec::new();
        for segment in self.segments(text) {
            match segment.kind {
                Kind::Text => tokens.push(Token::Text(self.decoded(segment.raw))),
                Kind::Break => tokens.push(Token::Break),
                Kind::Drawing => tokens.push(Token::Lost(Code::LostMarkup)),
                Kind::Tag => match self {
                    Self::Srt => srt::meaning(segment.raw, &mut tokens),
                    Self::WebVtt => webvtt::meaning(segment.raw, &mut tokens),
                    Self::Ass => ass::meaning(segment.raw, &mut tokens),
                },
            }
        }
        tokens
    }
}

#[cfg(test)]
mod tests;
