//! The pieces of a cue's text: what stands there, and what it means in any format. Pure.

use std::borrow::Cow;

use crate::subtitle::warning::Code;

/// What a piece of a cue's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Words.
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
pub(in crate::subtitle) enum Style {
    Italic,
    Bold,
    Underline,
    Strike,
}

/// A text's meaning, between any two formats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::subtitle) enum Token<'a> {
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
