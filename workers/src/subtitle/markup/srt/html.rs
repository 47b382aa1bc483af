//! HTML and other formats' codes that web tools leave in SubRip files: a text comes in, the same with SubRip's own tags
//! goes out. What only looks like a tag (`<sighs>`, `I <3 you`) is text. Pure.

/// The longest tag, in bytes.
pub(super) const MAX_TAG_BYTES: usize = 512;

/// Tags of HTML and WebVTT that say nothing that SubRip can say; their content stays.
const DROPPED: [&str; 24] = [
    "p", "span", "div", "c", "v", "lang", "ruby", "rt", "rb", "center", "small", "big", "body", "html", "head", "a",
    "sub", "sup", "h1", "h2", "h3", "blink", "pre", "code",
];

/// The code at the start of a text: what to write for it (a tag, a line end or nothing), and its length.
pub(super) fn at_start(text: &str) -> Option<(&'static str, usize)> {
    if text.starts_with('{') { braced(text) } else { tagged(text) }
}

fn tagged(text: &str) -> Option<(&'static str, usize)> {
    let all = bracketed(text)?;
    let length = all.len() + 2;
    let inner = all.trim();
    let (is_end, inner) = inner.strip_prefix('/').map_or((false, inner), |inner| (true, inner.trim_start()));
    let inner = inner.strip_suffix('/').unwrap_or(inner).trim_end();
    if !is_end && is_word_time(inner) {
        return Some(("", length));
    }
    let name_length = inner.find(|character: char| !character.is_ascii_alphanumeric()).unwrap_or(inner.len());
    let (name, attributes) = inner.split_at(name_length);
    let has_attributes = attributes.starts_with([' ', '\t', '.']);
    if !(attributes.is_empty() || has_attributes) {
        return None;
    }
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    let meant = match [("br", "\n", "\n"), ("em", "<i>", "</i>"), ("strong", "<b>", "</b>")]
        .into_iter()
        .chain([("strike", "<s>", "</s>"), ("del", "<s>", "</s>"), ("ins", "<u>", "</u>")])
        .find(|(known, ..)| is(known))
    {
        Some((_, _, end)) if is_end => end,
        Some((_, start, _)) => start,
        // The styles with a class, as WebVTT has them: `<i.loud>`.
        None if attributes.starts_with('.') => match name {
            "i" => "<i>",
            "b" => "<b>",
            "u" => "<u>",
            _ if DROPPED.iter().any(is) => "",
            _ => return None,
        },
        None if DROPPED.iter().any(is) => "",
        None => return None,
    };
    Some((meant, length))
}

/// Whether the inside of a tag is the time at which a word shows.
fn is_word_time(inner: &str) -> bool {
    inner.len() >= 5
        && inner.contains(':')
        && inner.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b':' | b'.' | b','))
}

/// `{b}`, `{/b}` as some players have them, and the codes of MicroDVD.
fn braced(text: &str) -> Option<(&'static str, usize)> {
    let rest = text.strip_prefix('{')?;
    let end = memchr::memchr3(b'}', b'{', b'\n', &rest.as_bytes()[..rest.len().min(64)])?;
    if rest.as_bytes()[end] != b'}' {
        return None;
    }
    let inner = &rest[..end];
    let meant = match inner {
        "i" | "I" | "y:i" | "Y:i" => "<i>",
        "b" | "B" | "y:b" | "Y:b" => "<b>",
        "u" | "U" | "y:u" | "Y:u" => "<u>",
        "/i" | "/I" => "</i>",
        "/b" | "/B" => "</b>",
        "/u" | "/U" => "</u>",
        _ => {
            let (name, value) = inner.split_once(':')?;
            let is_code = matches!(name, "y" | "Y" | "c" | "C" | "f" | "F" | "s" | "S" | "P" | "H");
            let is_value = !value.is_empty() && !value.contains(' ');
            (is_code && is_value).then_some("")?
        }
    };
    Some((meant, end + 2))
}

/// What is between the `<` at the start of a text and the `>` that ends the tag. A tag does not go over a line's end
/// (joining the lines would change what else is one), nor over another `<`: so that a text of nothing but `<` takes
/// linear time.
pub(super) fn bracketed(text: &str) -> Option<&str> {
    let rest = text.strip_prefix('<')?;
    let end = memchr::memchr3(b'>', b'<', b'\n', &rest.as_bytes()[..rest.len().min(MAX_TAG_BYTES)])?;
    (rest.as_bytes()[end] == b'>').then(|| &rest[..end])
}
