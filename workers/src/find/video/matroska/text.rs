//! From a track's blocks to a subtitle, by the codec mappings of RFC 9559's companion pages.
//!
//! ASS and SSA tracks keep their header (styles, resolution) in the track's private data and one line without times
//! per block; put together they are the file that was muxed, and are read as one. Fonts attached to the video are
//! not part of it. A track without a header has lost its styles and becomes plain cues. Pure.

use std::fmt::Write as _;

use super::blocks::Block;
use crate::find::content::FetchedContent;
use crate::subtitle::{Cue, Format, srt_text};

/// How long a cue without a duration stays, in milliseconds, unless the next one comes first.
const UNKNOWN_DURATION: u64 = 4_000;

pub(super) fn content(markup: Format, header: Option<&[u8]>, blocks: &[Block]) -> FetchedContent {
    let header = header.map(|header| String::from_utf8_lossy(header).into_owned());
    match header.filter(|header| markup == Format::Ass && header.contains("[Script Info]")) {
        Some(header) => FetchedContent::Bytes(script(&header, blocks).into_bytes()),
        None => FetchedContent::Cues(cues(markup, blocks)),
    }
}

/// Blocks with their ends: an open one ends with the next.
fn timed(blocks: &[Block]) -> impl Iterator<Item = (&Block, u64)> {
    blocks.iter().enumerate().map(|(at, block)| {
        let open_end = block.start.saturating_add(UNKNOWN_DURATION);
        let next = blocks.get(at + 1).map(|next| next.start).filter(|next| *next > block.start);
        let end = match block.duration {
            Some(duration) => block.start.saturating_add(duration),
            None => next.map_or(open_end, |next| open_end.min(next)),
        };
        (block, end)
    })
}

fn cues(markup: Format, blocks: &[Block]) -> Vec<Cue> {
    let cue = |(block, end): (&Block, u64)| {
        let text = String::from_utf8_lossy(&block.data);
        let text = match markup {
            // ReadOrder, Layer, Style, Name, MarginL, MarginR, MarginV, Effect, Text
            Format::Ass => text.splitn(9, ',').nth(8).unwrap_or_default(),
            _ => &text,
        };
        Cue::new(block.start, end, srt_text(markup, &text.replace("\r\n", "\n")))
    };
    timed(blocks).map(cue).collect()
}

fn script(header: &str, blocks: &[Block]) -> String {
    let header = header.trim_end_matches(['\0', '\r', '\n']).replace("\r\n", "\n");
    let mut script = header;
    let events = script.rfind("[Events]");
    if events.is_none() {
        script.push_str("\n\n[Events]");
    }
    if !events.is_some_and(|at| script[at..].contains("Format:")) {
        script.push_str("\nFormat: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text");
    }
    script.push('\n');
    let mut lines: Vec<(u64, String)> = timed(blocks).filter_map(|(block, end)| line(block, end)).collect();
    lines.sort_by_key(|(order, _)| *order);
    for (_, line) in lines {
        script.push_str(&line);
    }
    script
}

/// A block's place in the file that was muxed, and its line.
fn line(block: &Block, end: u64) -> Option<(u64, String)> {
    let text = String::from_utf8_lossy(&block.data);
    let (order, rest) = text.split_once(',')?;
    let (layer, rest) = rest.split_once(',')?;
    let mut line = String::new();
    let (start, end) = (clock(block.start), clock(end));
    // A line end inside would end the line; ASS writes its own as \N.
    let rest = rest.trim_end_matches(['\r', '\n', '\0']).replace("\r\n", "\\N").replace('\n', "\\N");
    writeln!(line, "Dialogue: {layer},{start},{end},{rest}").ok()?;
    Some((order.trim().parse().ok()?, line))
}

/// `0:00:01.50`, rounded to the hundredths that ASS has.
fn clock(milliseconds: u64) -> String {
    let hundredths = (milliseconds + 5) / 10;
    let seconds = hundredths / 100;
    format!("{}:{:02}:{:02}.{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60, hundredths % 100)
}
