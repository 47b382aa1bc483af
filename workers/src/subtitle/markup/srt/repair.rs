//! A SubRip text with the markup of any tool comes in; the same with SubRip's own tags, spelled, nested and closed, and
//! without entities goes out. Every step takes linear time and makes no text much longer. Pure.

use std::borrow::Cow;

use super::{
    entities, html,
    tags::{segments, tag},
};
use crate::subtitle::markup::token::Kind;

/// How deep tags are nested; what is opened deeper is left out, so that closing and opening tags again cannot make a
/// text grow without end.
const DEEPEST: usize = 12;

/// A text that was put right.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::subtitle) struct SrtRepair {
    pub(in crate::subtitle) text: String,
    /// Whether entities were decoded.
    pub(in crate::subtitle) has_entities: bool,
    /// Whether tags were changed.
    pub(in crate::subtitle) has_tags: bool,
}

/// The text repaired; `None` where nothing was wrong.
pub(in crate::subtitle) fn repaired(text: &str) -> Option<SrtRepair> {
    memchr::memchr3(b'<', b'&', b'{', text.as_bytes())?;
    let decoded = without_entities(text);
    let plain = without_html(&decoded);
    let nested = nested(&plain);
    let has_entities = matches!(decoded, Cow::Owned(_));
    let has_tags = nested.is_some() || matches!(plain, Cow::Owned(_));
    (has_entities || has_tags).then(|| SrtRepair {
        text: nested.unwrap_or_else(|| plain.into_owned()),
        has_entities,
        has_tags,
    })
}

/// Entities decoded, but for the `&amp;` that keeps what follows from being one.
fn without_entities(text: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let mut start = 0;
    for at in memchr::memchr_iter(b'&', text.as_bytes()) {
        let Some((meant, length)) = entities::at_start(&text[at..]) else { continue };
        let is_shield = meant == "&" && {
            let rest = &text[at + length..];
            let rest = &rest[..rest.bytes().take(64).take_while(u8::is_ascii).count()];
            entities::at_start(&format!("&{rest}")).is_some()
        };
        if !is_shield {
            written.push_str(&text[start..at]);
            written.push_str(&meant);
            start = at + length;
        }
    }
    if start == 0 { Cow::Borrowed(text) } else { Cow::Owned(written + &text[start..]) }
}

/// Other formats' codes as SubRip has them.
fn without_html(text: &str) -> Cow<'_, str> {
    let mut written = String::new();
    let mut start = 0;
    for at in memchr::memchr2_iter(b'<', b'{', text.as_bytes()) {
        if at < start {
            continue;
        }
        if let Some((meant, length)) = html::at_start(&text[at..]) {
            written.push_str(&text[start..at]);
            written.push_str(meant);
            start = at + length;
        }
    }
    if start == 0 { Cow::Borrowed(text) } else { Cow::Owned(written + &text[start..]) }
}

/// The repaired tags; `None` where nothing was wrong.
fn nested(text: &str) -> Option<String> {
    if !text.contains('<') || is_well_formed(text) {
        return None;
    }
    let mut written = String::with_capacity(text.len() + 8);
    let mut open: Vec<(&'static str, &str)> = Vec::new();
    // Opened when text comes, so that nothing is wrapped in tags for no text.
    let mut waiting: Vec<(&'static str, &str)> = Vec::new();
    segments(text, &mut |kind, raw| match (kind, tag(raw)) {
        (Kind::Tag, Some((tag, _))) if tag.is_end => {
            if let Some(at) = waiting.iter().rposition(|(name, _)| *name == tag.name) {
                waiting.remove(at);
            } else if let Some(at) = open.iter().rposition(|(name, _)| *name == tag.name) {
                let inner = open.split_off(at);
                inner.iter().rev().for_each(|(name, _)| close(&mut written, name));
                waiting.splice(0..0, inner.into_iter().skip(1));
            }
        }
        (Kind::Tag, Some((tag, _))) => {
            if open.len() + waiting.len() < DEEPEST {
                waiting.push((tag.name, tag.inner));
            }
        }
        (Kind::Text, _) if raw.is_empty() => {}
        (Kind::Text, _) => {
            for (name, inner) in waiting.drain(..) {
                written.push('<');
                written.push_str(name);
                written.push_str(if name == "font" { &inner[name.len()..] } else { "" });
                written.push('>');
                open.push((name, inner));
            }
            written.push_str(raw);
        }
        _ => written.push_str(raw),
    });
    open.iter().rev().for_each(|(name, _)| close(&mut written, name));
    Some(written)
}

fn close(written: &mut String, name: &str) {
    written.push_str("</");
    written.push_str(name);
    written.push('>');
}

fn is_well_formed(text: &str) -> bool {
    let mut open: Vec<&'static str> = Vec::new();
    let mut is_well_formed = true;
    segments(text, &mut |kind, raw| {
        if kind == Kind::Tag
            && raw.starts_with('<')
            && let Some((tag, _)) = tag(raw)
        {
            is_well_formed &= !tag.is_misspelled;
            if !tag.is_end {
                open.push(tag.name);
                is_well_formed &= open.len() <= DEEPEST;
            } else if open.pop() != Some(tag.name) {
                is_well_formed = false;
            }
        }
    });
    is_well_formed && open.is_empty()
}
