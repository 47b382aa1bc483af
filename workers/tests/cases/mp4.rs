//! MP4 files made box by box (ISO/IEC 14496-12, 14496-30, 3GPP TS 26.245), with a table or in fragments.

pub(crate) fn atom(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len() + 8).expect("small").to_be_bytes()[..], &kind, content].concat()
}

fn full(kind: [u8; 4], flags: u32, content: &[u8]) -> Vec<u8> {
    atom(kind, &[&flags.to_be_bytes()[..], content].concat())
}

fn be(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_be_bytes()).collect()
}

/// A sample and how long it shows, in milliseconds.
pub(crate) type Sample = (Vec<u8>, u32);

/// `tx3g`: a gap of a second, then the line for two.
pub(crate) fn tx3g(lines: &[&str]) -> Vec<Sample> {
    let shown = |line: &&str| {
        let length = u16::try_from(line.len()).expect("short").to_be_bytes();
        [(vec![0, 0], 1000), ([&length[..], line.as_bytes()].concat(), 2000)]
    };
    lines.iter().flat_map(shown).collect()
}

/// `wvtt`: a gap of a second, then a cue for two, the first half of it and the second in a sample each.
pub(crate) fn wvtt(lines: &[&str]) -> Vec<Sample> {
    let shown = |line: &&str| {
        let cue = atom(*b"vttc", &[atom(*b"sttg", b"line:0"), atom(*b"payl", line.as_bytes())].concat());
        [(atom(*b"vtte", b""), 1000), (cue.clone(), 1000), (cue, 1000)]
    };
    lines.iter().flat_map(shown).collect()
}

/// `stpp`: a document of its own with one line.
pub(crate) fn ttml(line: &str) -> Vec<u8> {
    let cue = format!("<p begin=\"00:00:01.000\" end=\"00:00:03.000\">{line}</p>");
    format!("<tt xmlns=\"http://www.w3.org/ns/ttml\"><body><div>{cue}</div></body></tt>").into_bytes()
}

fn track(codec: [u8; 4], language: &str, table: &[u8]) -> Vec<u8> {
    let tkhd = full(*b"tkhd", 3, &[be(&[0, 0, 1, 0, 0, 0, 0, 0, 0]), vec![0; 36], be(&[0, 0])].concat());
    let letters = language.bytes().fold(0_u16, |code, letter| code << 5 | u16::from(letter - 0x60));
    let mdhd = full(*b"mdhd", 0, &[be(&[0, 0, 1000, 0]), letters.to_be_bytes().to_vec(), vec![0, 0]].concat());
    let handler = if codec == *b"stpp" { b"subt" } else { b"sbtl" };
    let hdlr = full(*b"hdlr", 0, &[be(&[0]), handler.to_vec(), be(&[0, 0, 0]), b"SubtitleHandler\0".to_vec()].concat());
    let entry = atom(codec, &[&[0, 0, 0, 0, 0, 0, 0, 1][..], &[0; 30]].concat());
    let stsd = full(*b"stsd", 0, &[be(&[1]), entry].concat());
    let stbl = atom(*b"stbl", &[stsd, table.to_vec()].concat());
    let minf = atom(*b"minf", &stbl);
    atom(*b"trak", &[tkhd, atom(*b"mdia", &[mdhd, hdlr, minf].concat())].concat())
}

fn movie(trak: &[u8], more: &[u8]) -> Vec<u8> {
    let mvhd = full(
        *b"mvhd",
        0,
        &[be(&[0, 0, 1000, 0, 0x1_0000]), vec![1, 0], vec![0; 10], vec![0; 36], vec![0; 24], be(&[2])].concat(),
    );
    atom(*b"moov", &[&mvhd[..], trak, more].concat())
}

/// The samples in front of the movie box, as recorders leave them, found by its table.
pub(crate) fn with_table(codec: [u8; 4], language: &str, samples: &[Sample]) -> Vec<u8> {
    let ftyp = atom(*b"ftyp", b"isom\0\0\0\0isom");
    let data: Vec<u8> = samples.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
    let first = u32::try_from(ftyp.len() + 8).expect("small");
    let count = u32::try_from(samples.len()).expect("few");
    let sizes: Vec<u32> = samples.iter().map(|(bytes, _)| u32::try_from(bytes.len()).expect("small")).collect();
    let times: Vec<u32> = samples.iter().flat_map(|(_, duration)| [1, *duration]).collect();
    let table = [
        full(*b"stts", 0, &[be(&[count]), be(&times)].concat()),
        full(*b"stsc", 0, &be(&[1, 1, count, 1])),
        full(*b"stsz", 0, &[be(&[0, count]), be(&sizes)].concat()),
        full(*b"stco", 0, &be(&[1, first])),
    ];
    [ftyp, atom(*b"mdat", &data), movie(&track(codec, language, &table.concat()), &[])].concat()
}

/// A fragment for each sample, as streams have them.
pub(crate) fn in_fragments(codec: [u8; 4], language: &str, samples: &[Sample]) -> Vec<u8> {
    let empty = [
        full(*b"stts", 0, &be(&[0])),
        full(*b"stsc", 0, &be(&[0])),
        full(*b"stsz", 0, &be(&[0, 0])),
        full(*b"stco", 0, &be(&[0])),
    ];
    let mvex = atom(*b"mvex", &full(*b"trex", 0, &be(&[1, 1, 0, 0, 0])));
    let mut file =
        [atom(*b"ftyp", b"iso6\0\0\0\0iso6"), movie(&track(codec, language, &empty.concat()), &mvex)].concat();
    let mut start = 0;
    for (bytes, duration) in samples {
        let size = u32::try_from(bytes.len()).expect("small");
        let run = |offset: u32| {
            let tfhd = full(*b"tfhd", 0x02_0000, &be(&[1]));
            let trun = full(*b"trun", 0x301, &be(&[1, offset, *duration, size]));
            let traf = atom(*b"traf", &[tfhd, full(*b"tfdt", 0, &be(&[start])), trun].concat());
            atom(*b"moof", &[full(*b"mfhd", 0, &be(&[1])), traf].concat())
        };
        let length = u32::try_from(run(0).len()).expect("small");
        file.extend(run(length + 8));
        file.extend(atom(*b"mdat", bytes));
        start += duration;
    }
    file
}

/// A film with pictures of this size, in front of the movie box or, in fragments, behind it.
pub(crate) fn with_pictures(mut film: Vec<u8>, size: usize) -> Vec<u8> {
    let at = |kind: &[u8; 4]| film.windows(4).position(|bytes| bytes == kind).map(|at| at - 4);
    // A table's samples are in front of the movie box, and a fragment's offsets count from the fragment.
    let place = at(b"moof").or_else(|| at(b"moov")).expect("a movie");
    film.splice(place..place, atom(*b"mdat", &vec![0; size]));
    film
}
