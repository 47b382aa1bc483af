//! A text as engines get it: tags in angle brackets or braces, everything else is to be translated. Pure.

/// The longest tag, in bytes: no text makes reading it take more than a linear time.
const MAX_TAG_BYTES: usize = 512;

/// The pieces of a text: tags (with their brackets) and what stands between them.
pub(crate) fn pieces(text: &str) -> Vec<(bool, &str)> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        let closing = if rest[at..].starts_with('<') { b'>' } else { b'}' };
        let length = rest[at..].bytes().take(MAX_TAG_BYTES).position(|byte| byte == closing).map(|end| end + 1);
        if let Some(length) = length
            && let candidate = &rest[at..at + length]
            && is_tag(candidate)
        {
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

/// A text with the tags of another around it instead of its own: those that open in front, those that close behind, in
/// their order. Placeholders (`<x0/>`) do not say which they are: the first half is taken to open.
pub(crate) fn with_tags_around(text: &str, tagged: &str) -> String {
    let tags: Vec<&str> = pieces(tagged).into_iter().filter_map(|(is_tag, piece)| is_tag.then_some(piece)).collect();
    let stand_ins = tags.iter().filter(|tag| tag.ends_with("/>")).count();
    let mut seen = 0;
    let (mut front, mut behind) = (String::new(), String::new());
    for tag in tags {
        let closes = if tag.ends_with("/>") {
            seen += 1;
            seen > stand_ins.div_ceil(2)
        } else {
            tag.starts_with("</")
        };
        (if closes { &mut behind } else { &mut front }).push_str(tag);
    }
    let words = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    format!("{front}{words}{behind}")
}

/// A text without markup, as HTML has it.
pub(crate) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
