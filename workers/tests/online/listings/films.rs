//! Films among remakes, parts, other cuts, trailers and series of the same name. Pure.

use serde_json::json;

use super::{
    Case,
    rows::{Answers, bare, episode, film, podnapisi, subdl},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case {
            video: json!({"title": "The Harbour", "year": 2024, "releaseName": "The.Harbour.2024.1080p.WEB.x264-TIDE"}),
            answers: Answers::new("The Harbour", 2024, "movie"),
            listings: vec![
                film("The Harbour", 2024, "The.Harbour.2024.1080p.WEB.x264-TIDE", ""),
                film("The Harbour", 2024, "The.Harbour.2024.720p.BluRay.x264-GULL", "scores"),
                film("The Harbour", 2024, "The.Harbour.2024.1080p.WEB.x264-TIDE", "downloaded 99 times")
                    .with(&json!({"download_count": 99})),
                film("Harbour", 2023, "Harbour.2023.1080p.WEB", "scores"),
                film("The Harbour", 1961, "The.Harbour.1961.DVDRip", "a film of 1961"),
                episode("The Harbour", 2024, (1, 1), "The.Harbour.S01E01", "an episode"),
                film("The Harbour Lights", 2024, "The.Harbour.Lights.2024", "'The Harbour Lights'"),
                film("The Harbour", 2024, "The.Harbour.2024.Trailer.1080p", "trailer"),
                film("The Harbour", 2024, "The.Harbour.2024.1080p.WEB.x264-TIDE", "in 2 parts")
                    .with(&json!({"nb_cd": 2})),
                film("The Harbour", 2024, "The.Harbour.2024.1080p.WEB.x264-TIDE", "machine-translated")
                    .with(&json!({"machine_translated": true})),
                film("The Harbour", 2024, "The.Harbour.2024.1080p.WEB.x264-TIDE", "forced")
                    .with(&json!({"foreign_parts_only": true})),
                film("The Harbour", 2024, "The.Harbour.2024.1080p.WEB.x264-TIDE", "another language")
                    .with(&json!({"language": "pt-br"})),
                film("The Harbour", 2024, "The.Harbour.2024.1080p.WEB.x264-TIDE", "is not listed")
                    .with(&json!({"language": "ze"})),
                bare("The.Harbour.1961.DVDRip.XviD", "a film of 1961"),
                bare("The.Harbour.S01E01.720p", "an episode"),
                subdl("The.Harbour.1961.DVDRip.XviD", "a release of 1961"),
                subdl("The.Harbour.2024.Sample", "sample"),
                subdl("The.Harbour.2024.Featurette", "featurette"),
                podnapisi("The Harbour", 1961, &["The.Harbour.1961"], "a film of 1961"),
                podnapisi("El puerto", 2024, &["The.Harbour.2024.1080p.WEB.x264-TIDE"], "comes after")
                    .with(&json!({"movie": {"aliases": ["The Harbour"]}})),
                podnapisi("The Harbour", 2024, &["The.Harbour.2024.CD1", "The.Harbour.2024.CD2"], "in 2 parts")
                    .with(&json!({"num_cds": 2})),
            ],
        },
        Case::film(
            "Harbour: Part One",
            2021,
            vec![
                film("Harbour: Part One", 2021, "Harbour.Part.One.2021.1080p", ""),
                film("Harbour Part 1", 2021, "Harbour.Part.1.2021.720p", "listed after it"),
                film("Harbour: Part Two", 2022, "Harbour.Part.Two.2022.1080p", "'Harbour: Part Two'"),
                film("Harbour Part One", 2021, "Harbour.Part.II.2022.1080p", "a release of 'Harbour Part II'"),
                bare("Harbour.2.2022.1080p.WEB", "'Harbour 2'"),
                subdl("Harbour.Part.Two.2022.1080p", "a release of"),
                podnapisi("Harbour: Part 2", 2022, &["Harbour.Part.2.2022.720p"], "'Harbour: Part 2'"),
            ],
        ),
        Case::film(
            "Harbour",
            2021,
            vec![
                subdl("Harbour.2021.1080p", ""),
                subdl("Harbour.2.2021.1080p", "a release of 'Harbour 2'"),
                subdl("Harbour.III.2025.1080p", "a release of"),
                podnapisi("Harbour", 2021, &["Harbour.2021.CD1"], "in 2 parts").with(&json!({"num_cds": 2})),
            ],
        ),
        Case {
            video: json!({"title": "The Harbour", "year": 2024, "imdbId": "tt0000007"}),
            answers: Answers::new("The Harbour", 2024, "movie"),
            listings: vec![
                film("El puerto", 2022, "El.Puerto.2022", "").with(&json!({"feature_details": {"imdb_id": 7}})),
                film("The Harbour", 2024, "The.Harbour.2024", "IMDb id 8")
                    .with(&json!({"feature_details": {"imdb_id": 8}, "moviehash_match": true})),
                film("The Harbor", 2024, "The.Harbor.2024", "'The Harbor'"),
                podnapisi("The Harbour", 2024, &["The.Harbour.2024"], "IMDb id 9")
                    .with(&json!({"movie": {"providers": ["imdb:9"]}})),
            ],
        },
        // A title that is itself one of the words.
        Case::film(
            "The Trailer",
            2018,
            vec![
                film("The Trailer", 2018, "The.Trailer.2018.1080p", ""),
                film("The Trailer", 2018, "The.Trailer.2018.Interview", "interview"),
            ],
        ),
        Case {
            video: json!({"releaseName": "Harbour.2049.2017.Directors.Cut.2160p.BluRay-TIDE"}),
            answers: Answers::new("Harbour 2049", 2017, "movie"),
            listings: vec![
                film("Harbour 2049", 2017, "Harbour.2049.2017.Directors.Cut.1080p.BluRay", ""),
                film("Harbour 2049", 2017, "Harbour.2049.2017.1080p.BluRay", "scores"),
                film("Harbour 2048", 2017, "Harbour.2048.2017.1080p.BluRay", "'Harbour 2048'"),
                subdl("Harbour.2049.2017.Theatrical.1080p.BluRay", "scores"),
            ],
        },
        Case::film(
            "Harbour 2049",
            2017,
            vec![
                subdl("Harbour.2049.2017.1080p.BluRay", ""),
                subdl("Harbour.2049.1080p.BluRay", "listed after it"),
                subdl("Harbour.2049.1999.DVDRip", "a release of 1999"),
            ],
        ),
        // A number as a title, and a year that is one.
        Case::film(
            "1917",
            2019,
            vec![
                film("1917", 2019, "1917.2019.1080p.BluRay.x264", ""),
                film("1917", 1970, "1917.1970.DVDRip", "a film of 1970"),
                film("1918", 2019, "1918.2019.1080p", "'1918'"),
                subdl("1917.2019.720p.WEBRip", "comes after"),
            ],
        ),
        // Filed under its title in the other language, with an ampersand.
        Case::film(
            "Tide & Storm",
            2015,
            vec![
                film("Tide and Storm", 2015, "Tide.and.Storm.2015.1080p", ""),
                podnapisi("Tide & Storm", 2016, &["Tide.And.Storm.2016.720p"], "scores"),
                film("Tide and Storm II", 2018, "Tide.and.Storm.II.2018", "a film of 2018"),
            ],
        ),
    ]
}
