//! SubRip, which no standard describes: a tolerant reader, a strict writer, and the one form of a cue's text that
//! both agree on. Pure.

mod blocks;
mod read;
mod write;

pub(in crate::subtitle) use read::read;
pub(in crate::subtitle) use write::write;

use crate::subtitle::{
    Format,
    markup::{SrtRepair, repaired, without_structure},
    warning::Code,
};

/// A cue's text in the form in which it reads back the same.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::subtitle) struct Canonical {
    pub(in crate::subtitle) text: String,
    has_repaired_tags: bool,
    has_decoded_entities: bool,
}

impl Canonical {
    /// What had to be changed.
    pub(in crate::subtitle) fn repairs(&self) -> impl Iterator<Item = Code> + use<> {
        let tags = self.has_repaired_tags.then_some(Code::RepairedTags);
        tags.into_iter().chain(self.has_decoded_entities.then_some(Code::DecodedEntities))
    }
}

/// A text as the file has it so that it reads back the same: no line is empty, begins or ends with space, or reads as
/// a time line; tags are spelled, nested and closed; entities are decoded.
pub(in crate::subtitle) fn canonical<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> Canonical {
    let mut canonical = Canonical { text: joined(lines), ..Canonical::default() };
    let mut repairs = 0;
    // A dropped tag may have stood inside another, and have had space on both sides.
    while let Some(SrtRepair { text, has_entities, has_tags }) = repaired(&canonical.text) {
        repairs += 1;
        canonical.has_decoded_entities |= has_entities;
        canonical.has_repaired_tags |= has_tags;
        if repairs > MOST_REPAIRS {
            canonical.text = joined(Format::Srt.encoded(&canonical.text).0.lines());
            break;
        }
        canonical.text = joined(text.lines());
    }
    if let Some(text) = without_structure(&canonical.text) {
        canonical.text = text;
    }
    canonical
}

/// Tags inside tags inside tags are no tags any more, but something that somebody typed.
const MOST_REPAIRS: usize = 8;

fn joined<'a>(lines: impl Iterator<Item = &'a str> + Clone) -> String {
    let mut text = String::with_capacity(lines.clone().map(|line| line.len() + 1).sum());
    for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}
