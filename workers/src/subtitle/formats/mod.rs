//! One reader for each format, and a writer for those that are written: a decoded text comes in, cues go out. Formats
//! without a writer are read as cues with SubRip's markup. Pure.

pub(super) mod ass;
mod builder;
pub(super) mod lrc;
pub(super) mod microdvd;
pub(super) mod mpl2;
pub(super) mod sami;
pub(super) mod sniff;
pub(super) mod srt;
pub(super) mod subviewer;
pub(super) mod tmplayer;
pub(super) mod ttml;
pub(super) mod webvtt;
