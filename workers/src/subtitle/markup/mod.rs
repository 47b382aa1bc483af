//! What is markup in a cue's text and what is said: a text in a format's own markup comes in, its segments go out.
//! Everything that shows, converts or translates text asks here first. Pure.

mod ass;
mod convert;
pub(crate) mod inline;
mod position;
mod srt;
mod webvtt;

use std::borrow::Cow;

use super::{Format, warning::Code};

pub(crate) use convert::convert;
pub(super) use srt::{repaired, without_times};
pub(super) use webvtt::has_unclosed_tag;

/// What a piece of a cue's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Said or sung.
    Text,
    /// The end of a line.
    Break,
    /// A tag, an override block or a comment: never shown, never translated.
    Tag,
    /// The coordinates of an ASS drawing.
    Drawing,
}

/// A piece of a cue's text as it stands there; the segments of a text add up to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Segment<'a> {
    pub(crate) kind: Kind,
    pub(crate) raw: &'a str,
}

/// Letters' looks that more than one format knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Italic,
    Bold,
    Underline,
    Strike,
}

/// A text's meaning, between any two formats.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Token<'a> {
    Text(Cow<'a, str>),
    Break,
    On(Style),
    Off(Style),
    /// Every style ends.
    Reset,
    /// Where on the screen, as on a number pad.
    Position(u8),
    /// Something that only this format can say.
    Lost(Code),
}

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

    /// What a text segment says: entities and escapes resolved.
    pub(crate) fn decoded(self, raw: &str) -> Cow<'_, str> {
        match self {
            Self::Srt => Cow::Borrowed(raw),
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
            Self::Srt => matches!(byte, b'<' | b'{'),
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

    /// Whether syllables are timed: words of another language would not fit them.
    pub(crate) fn is_timed_inside(self, text: &str) -> bool {
        self != Self::Srt && self.tokens(text).iter().any(|token| matches!(token, Token::Lost(Code::LostKaraoke)))
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
