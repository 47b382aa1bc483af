//! Episodes among their neighbours, files of several episodes, specials, and numbers that count through all seasons. Pure.

use serde_json::json;

use super::{
    Case,
    rows::{Answers, bare, episode, film, gestdown, podnapisi_episode, subdl},
};

pub(super) fn cases() -> Vec<Case> {
    let season = |number: u16| json!({"season": number});
    vec![
        Case {
            video: json!({"title": "Low Tide", "season": 1, "episodes": [1], "releaseName": "Low.Tide.S01E01.1080p.WEB.H264-GULL"}),
            answers: Answers::new("Low Tide", 2019, "tv"),
            listings: vec![
                episode("Low Tide", 2019, (1, 1), "Low.Tide.S01E01.1080p.WEB.H264-GULL", ""),
                episode("Low Tide", 2019, (1, 1), "Low.Tide.S01E01.720p.HDTV.x264-TERN", "scores"),
                episode("Low Tide", 2019, (1, 11), "Low.Tide.S01E11.1080p.WEB.H264-GULL", "episodes [11]"),
                episode("Low Tide", 2019, (1, 10), "Low.Tide.S01E10.1080p.WEB.H264-GULL", "episodes [10]"),
                episode("Low Tide", 2020, (2, 1), "Low.Tide.S02E01.1080p.WEB.H264-GULL", "season 2"),
                episode(
                    "Low Tide",
                    2019,
                    (1, 1),
                    "Low.Tide.S01E11.1080p.WEB.H264-GULL",
                    "a release of season 1, episodes [11]",
                ),
                episode("Low Tide", 2019, (0, 1), "Low.Tide.S00E01.Making.Of", "season 0"),
                film("Low Tide", 2019, "Low.Tide.2019.1080p.WEB", "a film"),
                episode("Low Tides", 2019, (1, 1), "Low.Tides.S01E01.1080p.WEB", "'Low Tides'"),
                bare("Low.Tide.S01E01.Sample.1080p.WEB", "sample"),
                bare("Low.Tide.S01E12.1080p.WEB", "episodes [12]"),
                bare("High.Water.S01E01.1080p.WEB", "'High Water'"),
                bare("Low.Tide.1x11.HDTV", "episodes [11]"),
                bare("Low Tide - Season 1 Episode 2", "episodes [2]"),
                bare("Low.Tide.S01.E03.WEB", "episodes [3]"),
                subdl("Low.Tide.S01E11.1080p.WEB.H264-GULL", "episodes [11]").with(&season(1)),
                subdl("Low.Tide.S03E01.1080p.WEB.H264-GULL", "season 3").with(&season(3)),
                subdl("Low.Tide.S01.1080p.WEB.H264-GULL", "scores")
                    .with(&json!({"season": 1, "episode_from": 1, "episode_end": 12, "full_season": true})),
                subdl("Low.Tide.S01.1080p.WEB.H264-GULL", "episodes")
                    .with(&json!({"season": 1, "episode_from": 7, "episode_end": 12})),
                podnapisi_episode("Low Tide", (1, 1), "Low.Tide.S01E01.1080p.WEB.H264-GULL", "comes after"),
                podnapisi_episode("Low Tide", (1, 2), "Low.Tide.S01E02.1080p.WEB.H264-GULL", "episodes [2]"),
                podnapisi_episode("Low Tide Diaries", (1, 1), "Low.Tide.Diaries.S01E01.WEB", "'Low Tide Diaries'"),
                gestdown("WEB-GULL", "scores"),
                gestdown("WEB-GULL", "is not listed").with(&json!({"completed": false})),
            ],
        },
        Case::low_tide(
            7,
            &[10, 11],
            vec![
                subdl("Low.Tide.S07E10E11.720p.HDTV", "").with(&season(7)),
                subdl("Low.Tide.S07E10-E11.720p.HDTV", "listed after it").with(&season(7)),
                subdl("Low.Tide.S07E10-E12.720p.HDTV", "episodes [10, 11, 12]").with(&season(7)),
                subdl("Low Tide 7x10-11 HDTV", "listed after it").with(&season(7)),
                episode("Low Tide", 2019, (7, 10), "Low.Tide.S07E10.720p.HDTV", "episodes [10]"),
                episode("Low Tide", 2019, (7, 11), "Low.Tide.S07E11.720p.HDTV", "episodes [11]"),
            ],
        ),
        Case::low_tide(
            7,
            &[10],
            vec![
                episode("Low Tide", 2019, (7, 10), "Low.Tide.7x10.HDTV", ""),
                subdl("Low.Tide.S07E10E11.720p.HDTV", "episodes [10, 11]").with(&season(7)),
                subdl("Low.Tide.S07E09-10.720p.HDTV", "episodes [9, 10]").with(&season(7)),
            ],
        ),
        // A special among ordinary episodes.
        Case::low_tide(
            0,
            &[3],
            vec![
                episode("Low Tide", 2019, (0, 3), "Low.Tide.S00E03.Christmas.Special", ""),
                episode("Low Tide", 2019, (1, 3), "Low.Tide.S01E03.1080p", "season 1"),
                episode("Low Tide", 2019, (0, 1), "Low.Tide.S00E01.Recap", "episodes [1]"),
                gestdown("WEB", "comes after"),
            ],
        ),
        Case {
            // Numbers that count through all seasons.
            video: json!({"title": "Umi no Iro", "season": 5, "episodes": [4], "releaseName": "[Kelp] Umi no Iro - 112 [1080p]"}),
            answers: Answers::new("Umi no Iro", 2015, "tv"),
            listings: vec![
                episode("Umi no Iro", 2015, (5, 4), "[Kelp] Umi no Iro - 112 [1080p]", ""),
                subdl("[Kelp] Umi no Iro - 112 [1080p]", "scores"),
                subdl("[Kelp] Umi no Iro - 111 [1080p]", "episodes [111]"),
                subdl("[Kelp] Umi no Iro - 112v2 [1080p]", "scores"),
                subdl("Umi.no.Iro.S05E04.1080p", "scores").with(&season(5)),
                subdl("Umi.no.Iro.S04E04.1080p", "season 4").with(&season(4)),
                podnapisi_episode("Umi no Iro", (5, 4), "Umi no Iro - 112 [720p]", "scores"),
            ],
        },
        Case {
            // Two series of one name, told by their year.
            video: json!({"releaseName": "Low.Tide.1995.S01E02.DVDRip"}),
            answers: Answers::new("Low Tide", 1995, "tv"),
            listings: vec![
                episode("Low Tide", 1995, (1, 2), "Low.Tide.1995.S01E02.DVDRip", ""),
                episode("Low Tide", 2019, (1, 2), "Low.Tide.2019.S01E02.1080p.WEB", "the series of 2019"),
            ],
        },
    ]
}
