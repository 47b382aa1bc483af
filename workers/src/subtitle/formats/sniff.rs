//! What a text is, by its content, since extensions lie: a text comes in, its format or why it is no subtitle goes
//! out. Pure.

use super::{lrc, microdvd, mpl2, sami, subviewer, tmplayer, ttml, webvtt};
use crate::subtitle::{SourceFormat, Unusable, line::Lines, time};

/// How many lines may be in front of the first that tells the format.
const SNIFFED: usize = 500;

/// What a text without a byte order mark is. A text of no format is taken for SubRip, whose reader reports what it
/// misses.
pub(in crate::subtitle) fn sniff(text: &str) -> Result<SourceFormat, Unusable> {
    let start = text.trim_start();
    if let Some(origin) = by_first_words(start) {
        return Ok(origin);
    }
    match refused(start) {
        Some(refused) => Err(refused),
        None => Ok(by_lines(start).unwrap_or(SourceFormat::Srt)),
    }
}

/// Whether a text, its charset aside, has what only subtitles have.
pub(in crate::subtitle) fn is_certain(text: &str) -> bool {
    let start = text.trim_start_matches('\u{FEFF}').trim_start();
    by_first_words(start).or_else(|| by_lines(start)).is_some()
}

/// The name of a binary subtitle format that is recognised but not read.
pub(in crate::subtitle) fn binary_format(bytes: &[u8]) -> Option<&'static str> {
    let is_code_page = bytes.get(..3).is_some_and(|page| page.iter().all(u8::is_ascii_digit));
    let is_stl = is_code_page && bytes.get(3..6) == Some(b"STL") && bytes.get(8..11) == Some(b".01");
    is_stl.then_some("EBU STL")
}

fn by_first_words(start: &str) -> Option<SourceFormat> {
    if webvtt::has_signature(start) {
        Some(SourceFormat::WebVtt)
    } else if start.starts_with('<') && ttml::has_signature(start) {
        Some(SourceFormat::Ttml)
    } else if start.starts_with('<') && sami::has_signature(start) {
        Some(SourceFormat::Sami)
    } else {
        None
    }
}

/// The first line that only one format has decides; later ones may be what somebody says.
fn by_lines(start: &str) -> Option<SourceFormat> {
    let lines = || Lines::new(start).take(SNIFFED).map(|line| line.text.trim());
    let origin = lines().find_map(|line| {
        let is_section = |name| starts_with_ignoring_case(line, name);
        if ["[Script Info]", "[V4 Styles]", "[V4+ Styles]", "[Events]", "Dialogue:"].into_iter().any(is_section) {
            Some(SourceFormat::Ass)
        } else if microdvd::is_line(line) {
            Some(SourceFormat::MicroDvd)
        } else if mpl2::is_line(line) {
            Some(SourceFormat::Mpl2)
        } else if subviewer::is_sbv_line(line) {
            Some(SourceFormat::Sbv)
        } else if subviewer::is_line(line) {
            Some(SourceFormat::SubViewer)
        } else if subviewer::is_single_line(line) {
            Some(SourceFormat::SubViewer1)
        } else if lrc::is_line(line) {
            Some(SourceFormat::Lrc)
        } else if matches!(time::classify(line), time::Line::Time(_)) {
            Some(SourceFormat::Srt)
        } else {
            tmplayer::is_line(line).then_some(SourceFormat::TmPlayer)
        }
    })?;
    let is_old = |line: &str| {
        starts_with_ignoring_case(line, "[V4 Styles]") || line.replace(' ', "").eq_ignore_ascii_case("ScriptType:v4.00")
    };
    Some(if origin == SourceFormat::Ass && lines().any(is_old) { SourceFormat::Ssa } else { origin })
}

fn starts_with_ignoring_case(line: &str, start: &str) -> bool {
    line.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start))
}

/// Formats that are not read, and what a text in a subtitle's place often is: a quota page, a log-in page, an answer
/// of an API.
fn refused(start: &str) -> Option<Unusable> {
    if start.starts_with("# VobSub index") {
        return Some(Unusable::ImageBased("a VobSub index"));
    }
    if starts_with_ignoring_case(start, "Scenarist_SCC") {
        return Some(Unusable::UnsupportedFormat("Scenarist closed captions (SCC)"));
    }
    if let Some(name) = binary_format(start.as_bytes()) {
        return Some(Unusable::UnsupportedFormat(name));
    }
    if start.starts_with(['{', '[']) && serde_json::from_str::<serde::de::IgnoredAny>(start).is_ok() {
        let is_transcript =
            ["\"segments\"", "\"start\"", "\"startMs\"", "\"tStartMs\""].iter().any(|key| start.contains(key));
        return Some(if is_transcript {
            Unusable::UnsupportedFormat("a transcript in JSON")
        } else {
            Unusable::ServerPage("JSON")
        });
    }
    let head = start.lines().next().unwrap_or_default();
    if head.split_whitespace().eq(["start", "end", "text"]) {
        return Some(Unusable::UnsupportedFormat("a transcript in a table (TSV)"));
    }
    let starts_with = |tags: &[&str]| tags.iter().any(|tag| starts_with_ignoring_case(start, tag));
    if starts_with(&["<!doctype", "<html", "<head", "<body"]) {
        return Some(Unusable::ServerPage("a web page"));
    }
    let is_timed_text = ["<timedtext", "<transcript"].iter().any(|root| head_of(start).contains(root));
    if start.starts_with('<') && is_timed_text {
        return Some(Unusable::UnsupportedFormat("a transcript in XML (timed text)"));
    }
    starts_with(&["<?xml", "<!--", "<svg", "<rss", "<feed"]).then_some(Unusable::NotSubtitles("an XML document"))
}

/// Enough of a text to have its root element.
fn head_of(text: &str) -> &str {
    text.get(..text.floor_char_boundary(400)).unwrap_or(text)
}
