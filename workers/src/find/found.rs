//! A subtitle that a source has: what it claims to be, and where its bytes are. Pure.

use std::sync::Arc;

use jiff::Timestamp;
use subtitle_contract::language::Language;
use url::Url;

use super::{
    content::UnsupportedTrack,
    error::{SourceError, SourceErrorKind},
    folder::LibraryFile,
    release::Release,
    source::SourceId,
    video::ranges::Remote,
};

/// One subtitle that a source has.
#[derive(Clone, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct FoundSubtitle {
    /// The source that has it.
    pub source: SourceId,
    /// What the source calls it, such as `harbour.en.srt` or `track 3`.
    pub label: String,
    /// Its language.
    pub language: Language,
    /// Whether it has foreign-language parts only.
    pub forced: bool,
    /// Whether it is a commentary on the video rather than its dialogue.
    pub is_commentary: bool,
    /// Whether it describes sounds and speakers.
    pub hearing_impaired: bool,
    /// Whether it is machine-translated, by this system or elsewhere.
    pub is_machine_translated: bool,
    /// Identifies the bytes: changes when they do, and is the same for every job.
    pub identity: String,
    /// Which video it is for.
    pub video_match: VideoMatch,
    /// Where its bytes are, unless it cannot be read as text.
    pub origin: Result<Origin, UnsupportedTrack>,
}

/// Which video a subtitle is for.
#[derive(Clone, Debug)]
pub enum VideoMatch {
    /// The video that was asked for: the subtitle is inside or beside it.
    ThisVideo {
        /// Whether a player shows it by default.
        is_default: bool,
    },
    /// What a provider says, which may be wrong.
    Listed(Box<Listed>),
}

/// What a provider says of a subtitle. Every field may be missing: real answers have gaps everywhere.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own that a provider states or not")]
pub struct Listed {
    /// The film's title, or the series'.
    pub title: Option<String>,
    /// The year of the film or the episode.
    pub year: Option<u16>,
    /// `None` if the provider does not say.
    pub is_episode: Option<bool>,
    /// The season.
    pub season: Option<u16>,
    /// The episodes.
    pub episodes: Vec<u16>,
    /// The IMDb id of the film or the episode, in digits.
    pub imdb_id: Option<u64>,
    /// The IMDb id of the series, in digits.
    pub series_imdb_id: Option<u64>,
    /// The id at TMDB.
    pub tmdb_id: Option<u64>,
    /// Whether the provider says that it was made for a file with the video's hash.
    pub is_hash_match: bool,
    /// What the release's name says.
    pub release: Release,
    /// Frames per second; `None` where the provider says 0.
    pub frame_rate: Option<f64>,
    /// Whether it was made for a copy that runs at another speed.
    pub is_off_speed: bool,
    /// Whether it is by a user whom the provider trusts.
    pub is_trusted: bool,
    /// How often it was downloaded.
    pub downloads: u64,
    /// The number of votes.
    pub votes: u64,
    /// When it was uploaded.
    pub uploaded: Option<Timestamp>,
    /// Whether it is translated by a language model, as some providers say.
    pub is_ai_translated: bool,
    /// The number of its files.
    pub parts: usize,
}

impl Listed {
    /// The season, by the provider or else by the release's name.
    pub(super) fn stated_season(&self) -> Option<u16> {
        self.season.or(self.release.season)
    }

    /// The episodes, by the provider or else by the release's name.
    pub(super) fn stated_episodes(&self) -> &[u16] {
        if self.episodes.is_empty() { &self.release.episodes } else { &self.episodes }
    }
}

/// Where a found subtitle's bytes are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A file beside the video.
    File(LibraryFile),
    /// A text track of the video file.
    Track {
        /// Where the video is.
        video: VideoLocation,
        /// Its number in the file.
        number: u64,
    },
    /// Already here.
    Bytes(bytes::Bytes),
    /// At the provider that lists it.
    Offer(Offer),
}

/// A file that a provider offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Its number at the provider.
    Id(u64),
    /// Its address.
    Link(Url),
}

impl Offer {
    /// The file's number at `source`.
    pub(super) fn id(&self, source: SourceId) -> Result<u64, SourceError> {
        match self {
            Self::Id(id) => Ok(*id),
            Self::Link(_) => Err(wrong_offer(source)),
        }
    }

    /// The file's address at `source`.
    pub(super) fn link(&self, source: SourceId) -> Result<&Url, SourceError> {
        match self {
            Self::Link(url) => Ok(url),
            Self::Id(_) => Err(wrong_offer(source)),
        }
    }
}

fn wrong_offer(source: SourceId) -> SourceError {
    SourceError::new(
        source,
        SourceErrorKind::File,
        "the file was listed by another provider, which is a bug of the worker",
    )
}

impl Origin {
    /// Whether fetching it counts against a quota.
    pub const fn is_paid(&self) -> bool {
        match self {
            Self::Offer(_) => true,
            Self::File(_) | Self::Track { .. } | Self::Bytes(_) => false,
        }
    }
}

/// A video file.
#[derive(Clone, Debug)]
pub enum VideoLocation {
    /// In a mounted library.
    Local(LibraryFile),
    /// Behind HTTP.
    Remote(Arc<Remote>),
}
