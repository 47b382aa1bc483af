//! Names as they are found, all of works that do not exist.

use super::*;

/// Title, year, season and episodes, then source, resolution, codecs, service, edition and group, as one line.
fn shown(name: &str) -> String {
    let Release { title, year, season, episodes, tags, group, extra } = Release::read(name);
    let mut parts = vec![title.unwrap_or_default()];
    parts.extend(year.map(|year| format!("({year})")));
    parts.extend(season.map(|season| format!("S{season}")));
    parts.extend((!episodes.is_empty()).then(|| format!("E{episodes:?}").replace(' ', "")));
    parts.extend(tags.resolution.map(|lines| lines.to_string()));
    let Tags { source, resolution: _, video_codec, audio_codec, service, edition } = tags;
    parts.extend([source, video_codec, audio_codec, service, edition].into_iter().flatten().map(str::to_owned));
    parts.extend(group.map(|group| format!("by {group}")));
    parts.extend(extra.map(str::to_owned));
    parts.join(" ")
}

#[test]
fn names_say_what_they_say() {
    for (name, expected) in [
        ("The.Harbour.2024.1080p.WEB.x264-TIDE.mkv", "The Harbour (2024) 1080 WEB H.264 by TIDE"),
        ("The Harbour (2024) [1080p] [WEB-DL] [5.1]", "The Harbour (2024) 1080 WEB"),
        ("films/The_Harbour_2024.mkv", "The Harbour (2024)"),
        ("the harbour.mkv", "the harbour"),
        ("Low.Tide.S01E02.720p.HDTV.x264-GULL", "Low Tide S1 E[2] 720 HDTV H.264 by GULL"),
        ("Low.Tide.2019.S01E02.AMZN.WEB-DL.DDP5.1.H.264-GULL", "Low Tide (2019) S1 E[2] WEB H.264 EAC3 AMZN by GULL"),
        ("low.tide.s01e02e03.mkv", "low tide S1 E[2,3]"),
        ("Low Tide - S01E02-E04 - Storm.mkv", "Low Tide S1 E[2,3,4]"),
        ("Low.Tide.S01E02-03.1080p.BluRay.x265-GULL", "Low Tide S1 E[2,3] 1080 BluRay H.265 by GULL"),
        ("Low Tide 1x02.avi", "Low Tide S1 E[2]"),
        ("Low Tide 1x02-03.avi", "Low Tide S1 E[2,3]"),
        ("Low Tide Season 2 Episode 11", "Low Tide S2 E[11]"),
        ("Low.Tide.S02.COMPLETE.1080p.NF.WEB-DL-GULL", "Low Tide S2 1080 WEB NF by GULL"),
        ("Low.Tide.S00E01.Making.Of.mkv", "Low Tide S0 E[1]"),
        ("Low.Tide.S01.E05.mkv", "Low Tide S1 E[5]"),
        ("[Kelp] Umi no Iro - 12 [1080p].mkv", "Umi no Iro E[12] 1080 by Kelp"),
        ("1999.A.Harbour.Story.2011.DVDRip.XviD-TIDE", "1999 A Harbour Story (2011) DVD XviD by TIDE"),
        (
            "Harbour.2049.2017.Directors.Cut.2160p.UHD.BluRay.HEVC.TrueHD-TIDE",
            "Harbour 2049 (2017) 2160 BluRay H.265 TrueHD Director's Cut by TIDE",
        ),
        ("Web of Tides 2020 EXTENDED 1080p Blu-Ray DTS-HD", "Web of Tides (2020) 1080 BluRay DTS-HD Extended"),
        (
            "Max.and.the.Sea.2021.1080p.MAX.WEB-DL.AAC2.0.H.264-TIDE",
            "Max and the Sea (2021) 1080 WEB H.264 AAC MAX by TIDE",
        ),
        ("Spider-Crab.2022.720p.WEBRip", "Spider Crab (2022) 720 WEB"),
        ("Le.Port.à.l'Aube.2018.1080p.WEB-MARÉE.mkv", "Le Port à l'Aube (2018) 1080 WEB by MARÉE"),
        ("מגדלור.2020.720p.WEB-DL", "מגדלור (2020) 720 WEB"),
        ("Harbour 1920x1080 2020.mp4", "Harbour 1920x1080 (2020)"),
        ("The.Harbour.2024.Trailer.1080p.WEB.mkv", "The Harbour (2024) 1080 WEB trailer"),
        ("", ""),
        ("---", ""),
        ("s", "s"),
    ] {
        assert_eq!(shown(name), expected, "{name}");
    }
}

#[test]
fn titles_are_the_same_whatever_their_article_case_and_punctuation() {
    for (one, other, is_same) in [
        ("The Harbour", "harbour", true),
        ("Tide & Storm", "tide.and.storm", true),
        ("Keeper's Light", "Keepers Light", true),
        ("The Harbour", "The Harbour 2", false),
        ("Harbour Part II", "Harbour, Part Two", true),
        ("Harbour II", "Harbour 2", true),
        ("Harbour Vol. 2", "Harbour 2", true),
        ("Harbour Part 1", "Harbour Part 2", false),
        ("", "", false),
    ] {
        assert_eq!(Release::is_same_title(one, other), is_same, "{one} / {other}");
    }
}

#[test]
fn parts_of_one_work_are_told_apart() {
    for (one, other, is_other) in [
        ("Harbour", "Harbour 2", true),
        ("Harbour Part One", "Harbour Part Two", true),
        ("Harbour 2", "Harbour II", false),
        ("Harbour", "Harbour Lights", false),
        ("Harbour 2049", "Harbour", false),
    ] {
        assert_eq!(Release::is_other_part(one, other), is_other, "{one} / {other}");
    }
}

proptest::proptest! {
    #[test]
    fn no_name_breaks_it(name in "\\PC{0,60}") {
        let _ = Release::read(&name);
        let _ = Release::read(&format!("S01E02-{name}-1080p"));
    }
}
