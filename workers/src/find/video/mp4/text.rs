//! What a sample shows: the bytes of a `tx3g` or `wvtt` sample come in, texts go out. Pure.

use super::super::track::Block;

/// The faces of a `styl` record, and the tags that SubRip has for them.
const FACES: [(u8, &str); 3] = [(1, "b"), (2, "i"), (4, "u")];

fn be16(bytes: &[u8]) -> Option<usize> {
    Some(usize::from(u16::from_be_bytes(bytes.get(..2)?.try_into().ok()?)))
}

/// `tx3g`: a length, the text in UTF-8 or in UTF-16 with a mark, then boxes with styles. `None` for a gap.
pub(super) fn timed_text(sample: &[u8]) -> Option<Vec<u8>> {
    let length = be16(sample)?;
    let (text, rest) = sample.get(2..)?.split_at_checked(length).unwrap_or((sample.get(2..)?, &[]));
    if text.is_empty() {
        return None;
    }
    let decoded = match text {
        [0xFE, 0xFF, ..] => encoding_rs::UTF_16BE.decode(text).0.into_owned(),
        [0xFF, 0xFE, ..] => encoding_rs::UTF_16LE.decode(text).0.into_owned(),
        text => match std::str::from_utf8(text) {
            Ok(text) => text.to_owned(),
            // In another charset, which all texts together tell.
            Err(_) => return Some(text.to_vec()),
        },
    };
    Some(styled(&decoded.replace('\r', "\n"), rest).into_bytes())
}

/// The text with tags where its styles begin and end, counted in characters.
fn styled(text: &str, boxes: &[u8]) -> String {
    let records: Vec<(usize, usize, u8)> = children(boxes)
        .into_iter()
        .filter(|(kind, _)| kind == b"styl")
        .flat_map(|(_, bytes)| bytes.get(2..).unwrap_or_default().chunks_exact(12))
        .filter_map(|record| Some((be16(record)?, be16(&record[2..])?, record[6])))
        .filter(|(from, to, faces)| from < to && faces & 7 != 0)
        .collect();
    let mut written = String::with_capacity(text.len());
    for (at, character) in text.chars().chain(['\0']).enumerate() {
        let tags = |faces: u8| FACES.iter().filter(move |(face, _)| faces & face != 0).map(|(_, tag)| *tag);
        for (_, _, faces) in records.iter().filter(|(_, to, _)| *to == at) {
            let closed: Vec<&str> = tags(*faces).collect();
            closed.iter().rev().for_each(|tag| written.extend(["</", tag, ">"]));
        }
        for (_, _, faces) in records.iter().filter(|(from, ..)| *from == at) {
            tags(*faces).for_each(|tag| written.extend(["<", tag, ">"]));
        }
        if character != '\0' {
            written.push(character);
        }
    }
    written
}

/// `wvtt`: a box for each cue that shows during the sample (ISO/IEC 14496-30 §7).
pub(super) fn webvtt(sample: &[u8], start: u64, duration: u64) -> Vec<Block> {
    let cues = children(sample).into_iter().filter(|(kind, _)| kind == b"vttc");
    cues.map(|(_, bytes)| {
        let fields = children(bytes);
        let field = |wanted: &[u8; 4]| {
            fields.iter().find(|(kind, _)| kind == wanted).map(|(_, bytes)| *bytes).unwrap_or_default()
        };
        let addition = [field(b"sttg"), b"\n", field(b"iden")].concat();
        Block { start, duration: Some(duration), data: field(b"payl").to_vec(), addition }
    })
    .collect()
}

/// The header of a `wvtt` track, which its sample entry has in a box of its own.
pub(super) fn webvtt_header(entry: &[u8]) -> Vec<u8> {
    // Behind six reserved bytes and a reference.
    let configuration = children(entry.get(8..).unwrap_or_default()).into_iter().find(|(kind, _)| kind == b"vttC");
    configuration.map(|(_, bytes)| bytes.to_vec()).unwrap_or_default()
}

/// The boxes in a sample, up to the first that is damaged.
fn children(mut bytes: &[u8]) -> Vec<([u8; 4], &[u8])> {
    let mut children = Vec::new();
    while let Some((head, rest)) = bytes.split_at_checked(8) {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]);
        let Some((content, after)) =
            usize::try_from(size).ok().and_then(|size| rest.split_at_checked(size.checked_sub(8)?))
        else {
            break;
        };
        children.push(([head[4], head[5], head[6], head[7]], content));
        bytes = after;
    }
    children
}
