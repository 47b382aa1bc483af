//! Zip archives: an archive comes in, the file that is the wanted subtitle goes out, by names and content. Pure.

use std::io::Cursor;

use zip::{ZipArchive, result::ZipError};

use super::{
    member::Name,
    packed::{LARGEST, Packed, WantedMember, known, limited},
};

/// Files in an archive; a season of every language has fewer.
const MOST_MEMBERS: usize = 2000;
/// Bytes that may be unpacked in search of the subtitle.
const MOST_UNPACKED: usize = 4 * LARGEST;
/// How many times smaller packed text may be; real subtitles are packed to a third, and tables of zeros to 1/1000.
const HIGHEST_RATIO: u64 = 200;

/// The chosen file.
pub(super) struct Chosen {
    pub(super) bytes: Vec<u8>,
    pub(super) name: String,
    /// How many other subtitles there are.
    pub(super) others: usize,
}

struct Member {
    at: usize,
    path: String,
    name: Name,
}

/// Extensions of text subtitles, the best first; files without any of them are looked at last.
const EXTENSIONS: [&str; 12] = ["srt", "ass", "ssa", "vtt", "sub", "txt", "ttml", "dfxp", "smi", "sbv", "mpl", "lrc"];
/// Files that such archives often contain beside subtitles.
const COMPANIONS: [&str; 14] =
    ["nfo", "url", "html", "htm", "jpg", "jpeg", "png", "gif", "exe", "idx", "sup", "md", "sfv", "xml"];

/// Chooses by episode, then language, then extension.
pub(super) fn choose(bytes: &[u8], wanted: &WantedMember<'_>) -> Result<Chosen, Packed> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| refusal(&error))?;
    if archive.len() > MOST_MEMBERS {
        return Err(Packed::TooLarge);
    }
    let mut members = Vec::new();
    let mut is_encrypted = false;
    for at in 0..archive.len() {
        let file = archive.by_index_raw(at).map_err(|error| refusal(&error))?;
        // A name only chooses, so that it may be in any charset.
        let path = String::from_utf8_lossy(file.name_raw()).into_owned();
        let name = Name::read(&path);
        let is_hidden =
            path.starts_with("__MACOSX") || path.rsplit('/').next().is_some_and(|last| last.starts_with('.'));
        if file.is_dir() || is_hidden || COMPANIONS.contains(&name.extension.as_str()) {
            continue;
        }
        is_encrypted |= file.encrypted();
        if !file.encrypted() {
            members.push(Member { at, path, name });
        }
    }
    if members.is_empty() && is_encrypted {
        return Err(Packed::Encrypted);
    }
    let all = archive.len();
    let members = ranked(members, wanted)?;
    let others = members.len().saturating_sub(1);
    let (mut refused, mut spent) = (None, 0);
    for member in members {
        // A thousand large files that are no subtitles would take minutes to find that out.
        if spent > MOST_UNPACKED {
            return Err(Packed::TooLarge);
        }
        match extract(&mut archive, member.at) {
            Ok(bytes) if is_subtitle(&member.name, &bytes) => {
                return Ok(Chosen { bytes, name: member.path, others });
            }
            Ok(bytes) => {
                spent += bytes.len();
                refused = known(&bytes).or(refused);
            }
            Err(packed) => {
                spent += LARGEST;
                refused = Some(packed);
            }
        }
    }
    let nothing = if is_encrypted { Packed::Encrypted } else { Packed::NoSubtitle { members: all } };
    Err(refused.unwrap_or(nothing))
}

/// The members that may be it, the best first.
fn ranked(mut members: Vec<Member>, wanted: &WantedMember<'_>) -> Result<Vec<Member>, Packed> {
    if let Some(episode) = wanted.episode {
        // A name without an episode may be of any; but beside names that say theirs it is of another kind.
        if members.iter().any(|member| member.name.is_for(episode)) {
            members.retain(|member| member.name.is_for(episode));
        } else {
            let mut others: Vec<String> =
                members.iter().filter_map(|member| Some(member.name.episode?.to_string())).collect();
            others.sort();
            others.dedup();
            if !others.is_empty() {
                others.truncate(12);
                return Err(Packed::OtherEpisodes(others.join(", ")));
            }
        }
    }
    if let Some(language) = wanted.language {
        let speaks = |member: &Member| member.name.language.as_ref().is_some_and(|own| language.accepts(own));
        if members.iter().any(speaks) {
            members.retain(speaks);
        } else if members.iter().any(|member| member.name.language.is_none()) {
            members.retain(|member| member.name.language.is_none());
        }
    }
    members.sort_by_key(|member| {
        let extension = EXTENSIONS.iter().position(|known| *known == member.name.extension);
        (member.name.is_forced, extension.unwrap_or(EXTENSIONS.len()), member.path.clone())
    });
    let is_text = |member: &&Member| EXTENSIONS.contains(&member.name.extension.as_str());
    let parts = members.iter().filter(is_text).filter_map(|member| member.name.part).max().unwrap_or(0);
    if parts > 1 && members.iter().filter(is_text).all(|member| member.name.part.is_some()) {
        return Err(Packed::SeveralParts(parts.into()));
    }
    Ok(members)
}

fn extract(archive: &mut ZipArchive<Cursor<&[u8]>>, at: usize) -> Result<Vec<u8>, Packed> {
    let file = archive.by_index(at).map_err(|error| refusal(&error))?;
    let (size, packed) = (file.size(), file.compressed_size());
    if size > LARGEST as u64 || (size > 1 << 20 && size / packed.max(1) > HIGHEST_RATIO) {
        return Err(Packed::TooLarge);
    }
    limited(file, "zip archive")
}

/// A wrong extension does not make a subtitle unreadable, nor a right one make a text a subtitle.
fn is_subtitle(name: &Name, bytes: &[u8]) -> bool {
    let is_named = EXTENSIONS[..4].contains(&name.extension.as_str());
    is_named || bytes.starts_with(&[0x1F, 0x8B]) || {
        // Times and section names are ASCII in all charsets but UTF-16.
        let text: String = bytes.iter().filter(|byte| **byte != 0).take(20_000).map(|byte| char::from(*byte)).collect();
        crate::subtitle::formats::sniff::is_certain(&text)
    }
}

fn refusal(error: &ZipError) -> Packed {
    match error {
        ZipError::UnsupportedArchive(message) if *message == ZipError::PASSWORD_REQUIRED => Packed::Encrypted,
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            Packed::Unsupported("a zip archive of a rare kind")
        }
        _ => Packed::Damaged("zip archive"),
    }
}
