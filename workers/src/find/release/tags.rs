//! The words that tell releases of one work apart: words come in, source, resolution, codecs, service and edition go
//! out. A spelling is a sequence of words, so that `WEB-DL`, `WEB.DL` and `WEB DL` are one. Pure.

use super::word::Word;

/// What the words say, in one spelling each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// Where the picture is from: `BluRay`, `WEB`, `HDTV`, `DVD`, `Cinema`.
    pub source: Option<&'static str>,
    /// Lines of the picture, such as 1080.
    pub resolution: Option<u16>,
    /// `H.264`, `H.265`, `AV1`, `XviD`, `VP9`, `MPEG-2`.
    pub video_codec: Option<&'static str>,
    /// `AAC`, `AC3`, `EAC3`, `DTS`, `DTS-HD`, `TrueHD`, `FLAC`, `Opus`, `MP3`.
    pub audio_codec: Option<&'static str>,
    /// Who streams it, by the abbreviation that releases use.
    pub service: Option<&'static str>,
    /// A cut of its own: another cut has other times.
    pub edition: Option<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Source,
    Resolution,
    Video,
    Audio,
    Service,
    Edition,
}

use Kind::{Audio, Edition, Resolution, Service, Source, Video};

/// Spelling, kind, value, and whether no title is likely to have it. Longer spellings first.
const SPELLINGS: &[(&[&str], Kind, &str, bool)] = &[
    (&["web", "dl"], Source, "WEB", true),
    (&["web", "rip"], Source, "WEB", true),
    (&["webdl"], Source, "WEB", true),
    (&["webrip"], Source, "WEB", true),
    (&["web"], Source, "WEB", false),
    (&["blu", "ray"], Source, "BluRay", true),
    (&["bluray"], Source, "BluRay", true),
    (&["bdrip"], Source, "BluRay", true),
    (&["brrip"], Source, "BluRay", true),
    (&["bdremux"], Source, "BluRay", true),
    (&["bd"], Source, "BluRay", false),
    (&["hdtv"], Source, "HDTV", true),
    (&["pdtv"], Source, "HDTV", true),
    (&["dvd", "rip"], Source, "DVD", true),
    (&["dvdrip"], Source, "DVD", true),
    (&["dvd"], Source, "DVD", false),
    (&["hdcam"], Source, "Cinema", true),
    (&["telesync"], Source, "Cinema", true),
    (&["cam"], Source, "Cinema", false),
    (&["2160p"], Resolution, "2160", true),
    (&["4k"], Resolution, "2160", false),
    (&["uhd"], Resolution, "2160", false),
    (&["1080p"], Resolution, "1080", true),
    (&["1080i"], Resolution, "1080", true),
    (&["720p"], Resolution, "720", true),
    (&["576p"], Resolution, "576", true),
    (&["480p"], Resolution, "480", true),
    (&["h", "264"], Video, "H.264", true),
    (&["h264"], Video, "H.264", true),
    (&["x264"], Video, "H.264", true),
    (&["avc"], Video, "H.264", false),
    (&["h", "265"], Video, "H.265", true),
    (&["h265"], Video, "H.265", true),
    (&["x265"], Video, "H.265", true),
    (&["hevc"], Video, "H.265", true),
    (&["av1"], Video, "AV1", true),
    (&["vp9"], Video, "VP9", true),
    (&["xvid"], Video, "XviD", true),
    (&["divx"], Video, "XviD", true),
    (&["mpeg2"], Video, "MPEG-2", true),
    (&["dts", "hd"], Audio, "DTS-HD", true),
    (&["dts"], Audio, "DTS", true),
    (&["truehd"], Audio, "TrueHD", true),
    (&["ddp5"], Audio, "EAC3", true),
    (&["ddp2"], Audio, "EAC3", true),
    (&["ddp"], Audio, "EAC3", true),
    (&["eac3"], Audio, "EAC3", true),
    (&["dd5"], Audio, "AC3", true),
    (&["dd2"], Audio, "AC3", true),
    (&["ac3"], Audio, "AC3", true),
    (&["aac"], Audio, "AAC", true),
    (&["aac2"], Audio, "AAC", true),
    (&["aac5"], Audio, "AAC", true),
    (&["flac"], Audio, "FLAC", true),
    (&["opus"], Audio, "Opus", false),
    (&["mp3"], Audio, "MP3", true),
    (&["amzn"], Service, "AMZN", true),
    (&["nf"], Service, "NF", false),
    (&["dsnp"], Service, "DSNP", true),
    (&["hmax"], Service, "HMAX", true),
    (&["max"], Service, "MAX", false),
    (&["hulu"], Service, "HULU", false),
    (&["atvp"], Service, "ATVP", true),
    (&["pcok"], Service, "PCOK", true),
    (&["ip"], Service, "iP", false),
    (&["directors", "cut"], Edition, "Director's Cut", false),
    (&["director's", "cut"], Edition, "Director's Cut", false),
    (&["final", "cut"], Edition, "Final Cut", false),
    (&["theatrical", "cut"], Edition, "Theatrical", false),
    (&["theatrical"], Edition, "Theatrical", false),
    (&["extended"], Edition, "Extended", false),
    (&["unrated"], Edition, "Unrated", false),
    (&["uncut"], Edition, "Uncut", false),
    (&["remastered"], Edition, "Remastered", false),
    (&["imax"], Edition, "IMAX", false),
];

/// Where the first word stands that no title has.
pub(super) fn first_certain(words: &[Word<'_>]) -> Option<usize> {
    (0..words.len()).find(|at| at_start(&words[*at..]).is_some_and(|(.., is_certain)| is_certain))
}

fn at_start(words: &[Word<'_>]) -> Option<(usize, Kind, &'static str, bool)> {
    SPELLINGS.iter().find_map(|(spelling, kind, value, is_certain)| {
        let is_here =
            words.len() >= spelling.len() && words.iter().zip(*spelling).all(|(word, one)| word.lower == *one);
        is_here.then_some((spelling.len(), *kind, *value, *is_certain))
    })
}

/// What the words say, the first of a kind deciding, and where the last of them ends.
pub(super) fn read(words: &[Word<'_>]) -> (Tags, usize) {
    let (mut tags, mut at, mut end) = (Tags::default(), 0, 0);
    while at < words.len() {
        let Some((length, kind, value, _)) = at_start(&words[at..]) else {
            at += 1;
            continue;
        };
        at += length;
        end = at;
        let slot = match kind {
            Source => &mut tags.source,
            Video => &mut tags.video_codec,
            Audio => &mut tags.audio_codec,
            Service => &mut tags.service,
            Edition => &mut tags.edition,
            Resolution => {
                tags.resolution = tags.resolution.or(value.parse().ok());
                continue;
            }
        };
        *slot = slot.or(Some(value));
    }
    (tags, end)
}
