//! Listings as the providers' recorded answers have them, gaps included: which one is chosen for a video, and why each other
//! one is not.

use serde_json::{Value, json};
use subtitle_contract::{job::SubtitleJobSpec, language::Language};

use super::select::choose;
use crate::find::{FoundSubtitle, Listed, Offer, Origin, SourceId, VideoMatch, release::Release};

/// OpenSubtitles says everything, mostly.
fn os(title: &str, year: u16, episode: Option<(u16, u16)>, release: &str) -> Listed {
    Listed {
        title: Some(title.to_owned()),
        year: Some(year),
        is_episode: Some(episode.is_some()),
        season: episode.map(|(season, _)| season),
        episodes: episode.map(|(_, episode)| episode).into_iter().collect(),
        release: Release::read(release),
        parts: 1,
        ..Listed::default()
    }
}

/// `SubDL` knows the work by its search, and of each row only the release.
fn subdl(title: &str, release: &str) -> Listed {
    Listed { title: Some(title.to_owned()), release: Release::read(release), parts: 1, ..Listed::default() }
}

/// Gestdown has a show, an episode and a word for the version.
fn gestdown(show: &str, season: u16, episode: u16, version: &str) -> Listed {
    Listed {
        title: Some(show.to_owned()),
        is_episode: Some(true),
        season: Some(season),
        episodes: vec![episode],
        release: Release::read(version),
        parts: 1,
        ..Listed::default()
    }
}

/// A row of which only the file's name is filled in, as old uploads are.
fn bare(release: &str) -> Listed {
    Listed { release: Release::read(release), parts: 1, ..Listed::default() }
}

const OK: Option<&str> = None;

/// A video; then listings, each with the words of its rejection. The first of those without one must be chosen.
fn check(video: &Value, listings: &[(Listed, Option<&str>)]) -> usize {
    let language = Language::parse("es").expect("a tag");
    let spec = json!({"video": video, "language": "es", "selection": {"minimumScore": 0}});
    let spec: SubtitleJobSpec = serde_json::from_value(spec).expect("a spec");
    let count = listings.len();
    let found = |(at, listed): (usize, &Listed)| FoundSubtitle {
        source: SourceId::from_name("opensubtitles").expect("a source"),
        label: String::new(),
        language: language.clone(),
        forced: false,
        is_commentary: false,
        hearing_impaired: false,
        is_machine_translated: false,
        identity: at.to_string(),
        video_match: VideoMatch::Listed(Box::new(listed.clone())),
        origin: Ok(Origin::Offer(Offer::Id(1))),
    };
    let all: Vec<(usize, FoundSubtitle)> =
        listings.iter().map(|(listed, _)| listed).enumerate().map(|one| (0, found(one))).collect();
    let choice = choose(&all, &language, &spec);
    for (at, (listed, words)) in listings.iter().enumerate() {
        let rejection = choice.rejections[at].as_deref();
        let is_right = match words {
            Some(words) => rejection.is_some_and(|rejection| rejection.contains(words)),
            None => rejection.is_none(),
        };
        assert!(is_right, "{video}: {listed:?}: {rejection:?}, expected {words:?}");
    }
    let best = listings.iter().position(|(_, words)| words.is_none());
    assert_eq!(choice.order.first().copied(), best, "{video}");
    count
}

#[test]
fn the_right_listing_is_chosen_and_each_other_one_has_its_reason() {
    let mut listings = 0;
    // An episode among its neighbours.
    listings += check(
        &json!({"title": "Low Tide", "season": 1, "episodes": [1], "releaseName": "Low.Tide.S01E01.1080p.WEB.H264-GULL"}),
        &[
            (os("Low Tide", 2019, Some((1, 1)), "Low.Tide.S01E01.1080p.WEB.H264-GULL"), OK),
            (os("Low Tide", 2019, Some((1, 1)), "Low.Tide.S01E01.720p.HDTV.x264-TERN"), OK),
            (os("Low Tide", 2019, Some((1, 11)), "Low.Tide.S01E11.1080p.WEB.H264-GULL"), Some("episodes [11]")),
            (os("Low Tide", 2019, Some((1, 10)), "Low.Tide.S01E10.1080p.WEB.H264-GULL"), Some("episodes [10]")),
            (os("Low Tide", 2020, Some((2, 1)), "Low.Tide.S02E01.1080p.WEB.H264-GULL"), Some("season 2")),
            (
                os("Low Tide", 2019, Some((1, 1)), "Low.Tide.S01E11.1080p.WEB.H264-GULL"),
                Some("a release of season 1, episodes [11]"),
            ),
            (os("Low Tide", 2019, Some((0, 1)), "Low.Tide.S00E01.Making.Of"), Some("season 0")),
            (os("Low Tide", 2019, None, "Low.Tide.2019.1080p.WEB"), Some("a film")),
            (os("Low Tides", 2019, Some((1, 1)), "Low.Tides.S01E01.1080p.WEB"), Some("'Low Tides'")),
            (subdl("Low Tide", "Low.Tide.S01E11.1080p.WEB.H264-GULL"), Some("episodes [11]")),
            (subdl("Low Tide", "Low.Tide.S03E01.1080p.WEB.H264-GULL"), Some("season 3")),
            (subdl("Low Tide", "Low.Tide.S01.1080p.WEB.H264-GULL"), OK),
            (gestdown("Low Tide", 1, 1, "WEB-GULL"), OK),
            (gestdown("Low Tide", 1, 2, "WEB-GULL"), Some("episodes [2]")),
            (bare("Low.Tide.S01E01.Sample.1080p.WEB"), Some("sample")),
            (bare("Low.Tide.S01E12.1080p.WEB"), Some("episodes [12]")),
            (bare("High.Water.S01E01.1080p.WEB"), Some("'High Water'")),
        ],
    );
    // Two episodes in one file, and one of them.
    listings += check(
        &json!({"title": "Low Tide", "season": 7, "episodes": [10, 11]}),
        &[
            (subdl("Low Tide", "Low.Tide.S07E10E11.720p.HDTV"), OK),
            (subdl("Low Tide", "Low.Tide.S07E10-E11.720p.HDTV"), OK),
            (os("Low Tide", 2019, Some((7, 10)), "Low.Tide.S07E10.720p.HDTV"), Some("episodes [10]")),
            (os("Low Tide", 2019, Some((7, 11)), "Low.Tide.S07E11.720p.HDTV"), Some("episodes [11]")),
            (subdl("Low Tide", "Low.Tide.S07E10-E12.720p.HDTV"), Some("episodes [10, 11, 12]")),
        ],
    );
    listings += check(
        &json!({"title": "Low Tide", "season": 7, "episodes": [10]}),
        &[
            (os("Low Tide", 2019, Some((7, 10)), "Low.Tide.7x10.HDTV"), OK),
            (subdl("Low Tide", "Low.Tide.S07E10E11.720p.HDTV"), Some("episodes [10, 11]")),
        ],
    );
    // A special among ordinary episodes.
    listings += check(
        &json!({"title": "Low Tide", "season": 0, "episodes": [3]}),
        &[
            (os("Low Tide", 2019, Some((0, 3)), "Low.Tide.S00E03.Christmas.Special"), OK),
            (os("Low Tide", 2019, Some((1, 3)), "Low.Tide.S01E03.1080p"), Some("season 1")),
            (os("Low Tide", 2019, Some((0, 1)), "Low.Tide.S00E01.Recap"), Some("episodes [1]")),
        ],
    );
    // Numbers that count through all seasons.
    listings += check(
        &json!({"title": "Umi no Iro", "season": 5, "episodes": [4], "releaseName": "[Kelp] Umi no Iro - 112 [1080p]"}),
        &[
            (os("Umi no Iro", 2015, Some((5, 4)), "[Kelp] Umi no Iro - 112 [1080p]"), OK),
            (subdl("Umi no Iro", "[Kelp] Umi no Iro - 112 [1080p]"), OK),
            (subdl("Umi no Iro", "[Kelp] Umi no Iro - 111 [1080p]"), Some("episodes [111]")),
            (subdl("Umi no Iro", "Umi.no.Iro.S05E04.1080p"), OK),
            (subdl("Umi no Iro", "Umi.no.Iro.S04E04.1080p"), Some("season 4")),
        ],
    );
    // A remake, and the film that it remakes.
    listings += check(
        &json!({"title": "The Harbour", "year": 2024}),
        &[
            (os("The Harbour", 2024, None, "The.Harbour.2024.1080p.WEB.x264-TIDE"), OK),
            (os("Harbour", 2023, None, "Harbour.2023.1080p.WEB"), OK),
            (os("The Harbour", 1961, None, "The.Harbour.1961.DVDRip"), Some("a film of 1961")),
            (os("The Harbour", 2024, Some((1, 1)), "The.Harbour.S01E01"), Some("an episode")),
            (os("The Harbour Lights", 2024, None, "The.Harbour.Lights.2024"), Some("'The Harbour Lights'")),
            (subdl("The Harbour", "The.Harbour.1961.DVDRip.XviD"), Some("a film of 1961")),
            (bare("The.Harbour.1961.DVDRip.XviD"), Some("a film of 1961")),
            (bare("The.Harbour.S01E01.720p"), Some("an episode")),
            (os("The Harbour", 2024, None, "The.Harbour.2024.Trailer.1080p"), Some("trailer")),
            (subdl("The Harbour", "The.Harbour.2024.Sample"), Some("sample")),
            (subdl("The Harbour", "The.Harbour.2024.Featurette"), Some("featurette")),
        ],
    );
    listings += check(
        &json!({"releaseName": "Low.Tide.1995.S01E02.DVDRip"}),
        &[
            (os("Low Tide", 1995, Some((1, 2)), "Low.Tide.1995.S01E02.DVDRip"), OK),
            (os("Low Tide", 2019, Some((1, 2)), "Low.Tide.2019.S01E02.1080p.WEB"), Some("the series of 2019")),
        ],
    );
    // Parts of one story.
    listings += check(
        &json!({"title": "Harbour: Part One", "year": 2021}),
        &[
            (os("Harbour: Part One", 2021, None, "Harbour.Part.One.2021.1080p"), OK),
            (os("Harbour Part 1", 2021, None, "Harbour.Part.1.2021.720p"), OK),
            (os("Harbour: Part Two", 2022, None, "Harbour.Part.Two.2022.1080p"), Some("'Harbour: Part Two'")),
            (os("Harbour Part One", 2021, None, "Harbour.Part.II.2022.1080p"), Some("a release of 'Harbour Part II'")),
            (bare("Harbour.2.2022.1080p.WEB"), Some("'Harbour 2'")),
            (subdl("Harbour: Part One", "Harbour.Part.Two.2022.1080p"), Some("a release of")),
        ],
    );
    listings += check(
        &json!({"title": "Harbour", "year": 2021}),
        &[
            (subdl("Harbour", "Harbour.2021.1080p"), OK),
            (subdl("Harbour", "Harbour.2.2021.1080p"), Some("a release of 'Harbour 2'")),
            (Listed { parts: 2, ..subdl("Harbour", "Harbour.2021.CD1") }, Some("in 2 parts")),
        ],
    );
    // Ids decide over names, and names do not outweigh them.
    listings += check(
        &json!({"title": "The Harbour", "year": 2024, "imdbId": "tt0000007"}),
        &[
            (Listed { imdb_id: Some(7), ..os("El puerto", 2022, None, "El.Puerto.2022") }, OK),
            (
                Listed { imdb_id: Some(8), is_hash_match: true, ..os("The Harbour", 2024, None, "The.Harbour.2024") },
                Some("IMDb id 8"),
            ),
            (os("The Harbor", 2024, None, "The.Harbor.2024"), Some("'The Harbor'")),
        ],
    );
    // A title that is itself one of the words.
    listings += check(
        &json!({"title": "The Trailer", "year": 2018}),
        &[(os("The Trailer", 2018, None, "The.Trailer.2018.1080p"), OK)],
    );
    // A cut that was asked for.
    listings += check(
        &json!({"releaseName": "Harbour.2049.2017.Directors.Cut.2160p.BluRay-TIDE"}),
        &[
            (os("Harbour 2049", 2017, None, "Harbour.2049.2017.Directors.Cut.1080p.BluRay"), OK),
            (os("Harbour 2049", 2017, None, "Harbour.2049.2017.1080p.BluRay"), OK),
            (os("Harbour 2048", 2017, None, "Harbour.2048.2017.1080p.BluRay"), Some("'Harbour 2048'")),
        ],
    );
    assert!(listings >= 60, "{listings}");
}
