//! The `video` field of a job's spec. Pure.
#![expect(unreachable_pub, reason = "KubeSchema generates a private copy of each public struct")]

use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::Defaults;

/// Identifies the video. At least one of `url`, `path`, `title`, `imdbId`, `tmdbId` and `movieHash` is required; `url` and
/// `path` are mutually exclusive.
#[derive(KubeSchema, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = ("has(self.url) || has(self.path) || has(self.title) || has(self.imdbId) || has(self.tmdbId) || has(self.movieHash)", "video needs at least one of url, path, title, imdbId, tmdbId, movieHash"),
    validation = ("!(has(self.url) && has(self.path))", "video takes url or path, not both"),
    validation = ("!has(self.episodes) || has(self.season)", "video.episodes needs video.season"),
    validation = ("!has(self.path) || !self.path.split('/').exists(part, part == '..')", "video.path must not contain '..': it must be a path inside its library"),
    validation = ("!has(self.path) || !self.path.startsWith('/')", "video.path is relative to its library: leave out the leading '/'")
)]
pub struct Video {
    /// The URL of the video; its server must support HTTP range requests. Example: `https://media.example/harbour.mkv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 2048), regex(pattern = r"^https?://[^\s/]+"))]
    pub url: Option<String>,
    /// The library that `path` is in. Example: `films`.
    #[serde(default = "Defaults::library")]
    #[schemars(length(max = 63), regex(pattern = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$"))]
    pub library: String,
    /// The file inside the library. Example: `shows/harbour/s01e02.mkv`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 1024))]
    pub path: Option<String>,
    /// The title of the film or series. Example: `The Harbour`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 256))]
    pub title: Option<String>,
    /// The year of release. Example: `2024`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1870, max = 2200))]
    pub year: Option<u16>,
    /// The season number; 0 means specials. Example: `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 10_000))]
    pub season: Option<u16>,
    /// The episodes that the file contains. Example: `[2]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 10), inner(range(min = 0, max = 10_000)))]
    pub episodes: Option<Vec<u16>>,
    /// The film's or the episode's own IMDb id. Example: `tt0133093`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^tt[0-9]{5,10}$"))]
    pub imdb_id: Option<String>,
    /// The series' IMDb id. Example: `tt0903747`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 12), regex(pattern = r"^tt[0-9]{5,10}$"))]
    pub series_imdb_id: Option<String>,
    /// The TMDB id of the film or the episode. Example: `603`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub tmdb_id: Option<u32>,
    /// The series' TVDB id. Example: `81189`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 2_147_483_647))]
    pub tvdb_id: Option<u32>,
    /// The OpenSubtitles hash of the file. Example: `8e245d9679d31e12`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 16), regex(pattern = r"^[0-9a-f]{16}$"))]
    pub movie_hash: Option<String>,
    /// The release name of the file. Example: `The.Harbour.2024.1080p.WEB.x264`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 512))]
    pub release_name: Option<String>,
}
