//! Tags inside a cue, between the formats. SRT's small HTML is the common tongue. Pure.

/// How the text of a cue marks italics and the like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Markup {
    /// Small HTML.
    Srt,
    /// W3C cue text.
    WebVtt,
    /// Override blocks.
    Ass,
}

impl Markup {
    /// The text as SRT has it.
    pub(crate) fn read(self, text: &str) -> String {
        match self {
            Self::Srt => text.to_owned(),
            Self::WebVtt => from_webvtt(text),
            Self::Ass => from_ass(text),
        }
    }
}

/// Tags that are kept; all others are dropped, their text stays.
const KEPT: [&str; 8] = ["i", "b", "u", "s", "/i", "/b", "/u", "/s"];

/// The pieces of a text: tags (with their brackets) and what stands between them.
pub(crate) fn pieces(text: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        let closing = if rest[at..].starts_with('<') { '>' } else { '}' };
        let Some(length) = rest[at..].find(closing).map(|end| end + 1) else { break };
        let candidate = &rest[at..at + length];
        if is_tag(candidate) {
            pieces.push((false, &rest[..at]));
            pieces.push((true, candidate));
            rest = &rest[at + length..];
        } else {
            pieces.push((false, &rest[..=at]));
            rest = &rest[at + 1..];
        }
    }
    pieces.push((false, rest));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

fn is_tag(text: &str) -> bool {
    let inner = &text[1..text.len() - 1];
    match text.as_bytes()[0] {
        b'{' => inner.starts_with('\\'),
        _ => {
            inner.trim_start_matches('/').starts_with(|first: char| first.is_ascii_alphabetic()) && !inner.contains('<')
        }
    }
}

/// The text a person reads, without tags.
pub(crate) fn plain(text: &str) -> String {
    pieces(text).into_iter().filter(|(is_tag, _)| !is_tag).map(|(_, piece)| piece).collect()
}

/// A text without markup, as HTML and WebVTT write it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// WebVTT cue text: voice, class, language and time tags go, entities become characters.
pub(super) fn from_webvtt(payload: &str) -> String {
    let mut text = String::with_capacity(payload.len());
    let mut rest = payload;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let Some(end) = rest[at..].find('>') else {
            rest = &rest[at..];
            break;
        };
        let tag = &rest[at + 1..at + end];
        let name = tag.split(['.', ' ', '\t']).next().unwrap_or_default();
        if KEPT.contains(&name) {
            text.push('<');
            text.push_str(name);
            text.push('>');
        }
        rest = &rest[at + end + 1..];
    }
    text.push_str(rest);
    [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", "\u{A0}"), ("&lrm;", "\u{200E}"), ("&rlm;", "\u{200F}"), ("&amp;", "&")]
        .into_iter()
        .fold(text, |text, (entity, character)| text.replace(entity, character))
}

/// SRT's text as WebVTT has it.
pub(super) fn to_webvtt(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for (is_tag, piece) in pieces(text) {
        if is_tag && KEPT.contains(&piece.trim_matches(['<', '>'])) {
            written.push_str(piece);
        } else if !is_tag {
            written.push_str(&escaped(piece));
        }
    }
    written
}

/// ASS text: `\N` breaks the line, override blocks become SRT's tags or go, drawings go.
pub(super) fn from_ass(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    let mut drawing = false;
    let mut rest = text;
    loop {
        let (before, block, after) = match rest.split_once('{') {
            Some((before, tail)) => match tail.split_once('}') {
                Some((block, after)) => (before, block, after),
                None => (rest, "", ""),
            },
            None => (rest, "", ""),
        };
        if !drawing {
            written.push_str(before);
        }
        for tag in block.split('\\').skip(1) {
            match tag {
                "i1" => written.push_str("<i>"),
                "i0" => written.push_str("</i>"),
                "b1" => written.push_str("<b>"),
                "b0" => written.push_str("</b>"),
                "u1" => written.push_str("<u>"),
                "u0" => written.push_str("</u>"),
                _ => {
                    if let Some(scale) = tag.strip_prefix('p').and_then(|scale| scale.parse::<u32>().ok()) {
                        drawing = scale > 0;
                    }
                }
            }
        }
        if after.is_empty() {
            break;
        }
        rest = after;
    }
    written.replace("\\N", "\n").replace("\\n", "\n").replace("\\h", "\u{A0}")
}
