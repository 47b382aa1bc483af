//! A subtitle that a source has: what it is said to be, and where its bytes are.

use std::{path::PathBuf, sync::Arc};

use jiff::Timestamp;
use subtitle_contract::language::Language;

use super::{online::Offer, ranges::Remote, release::Release};
use crate::subtitle::Cue;

/// One subtitle that a source has.
#[derive(Clone, Debug)]
pub struct Found {
    /// The source's name.
    pub source: &'static str,
    /// What the source calls it, such as `harbour.en.srt` or `track 3`.
    pub label: String,
    /// Its language.
    pub language: Language,
    /// Foreign-language parts only.
    pub forced: bool,
    /// Describes sounds and speakers.
    pub hearing_impaired: bool,
    /// Made by a machine, by this system's own or by somebody else's.
    pub is_machine_translated: bool,
    /// Identifies the bytes: changes when they do, and is the same for every job.
    pub identity: String,
    /// Which video it is for.
    pub claims: Claims,
    /// Where its bytes are; none for what cannot be read as text.
    pub origin: Result<Origin, Unfit>,
}

/// Which video a subtitle is for.
#[derive(Clone, Debug)]
pub enum Claims {
    /// The one that was asked for: it is inside it, or beside it.
    ThisVideo {
        /// What a player would show when nobody chose.
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
    /// None where it is not said.
    pub is_episode: Option<bool>,
    /// The season.
    pub season: Option<u16>,
    /// The episodes.
    pub episodes: Vec<u16>,
    /// The film's or the episode's own, in digits.
    pub imdb_id: Option<u64>,
    /// The series', in digits.
    pub series_imdb_id: Option<u64>,
    /// At TMDB.
    pub tmdb_id: Option<u64>,
    /// Whether the provider says that it was made for a file with the video's hash.
    pub is_hash_match: bool,
    /// What the release's name says.
    pub release: Release,
    /// Frames per second; none where the provider says 0.
    pub frame_rate: Option<f64>,
    /// It was made for a copy that runs at another speed.
    pub is_off_speed: bool,
    /// By somebody the provider trusts.
    pub is_trusted: bool,
    /// How often it was taken.
    pub downloads: u64,
    /// The votes it was given.
    pub votes: u64,
    /// When it was uploaded.
    pub uploaded: Option<Timestamp>,
    /// Made by a language model, which some providers tell from other machines.
    pub is_ai_translated: bool,
    /// In how many files it is.
    pub parts: usize,
}

/// Where a found subtitle's bytes are.
#[derive(Clone, Debug)]
pub enum Origin {
    /// A file beside the video.
    File(PathBuf),
    /// A text track of a Matroska file.
    Track {
        /// Where the video is.
        video: Container,
        /// Its number in the file.
        number: u64,
    },
    /// Already here.
    Bytes(bytes::Bytes),
    /// At the provider that lists it.
    Online(Offer),
}

impl Origin {
    /// Whether fetching it counts against somebody's quota.
    pub const fn is_paid(&self) -> bool {
        match self {
            Self::Online(_) => true,
            Self::File(_) | Self::Track { .. } | Self::Bytes(_) => false,
        }
    }
}

/// A video file.
#[derive(Clone, Debug)]
pub enum Container {
    /// In a library.
    Local(PathBuf),
    /// Behind HTTP.
    Remote(Arc<Remote>),
}

/// Why a track is none for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Pictures of text.
    #[error("{0} is pictures of text, which only character recognition can read")]
    Images(String),
    /// Anything else.
    #[error("{0} is no text format that is read")]
    Codec(String),
}

/// What a fetch gives.
#[derive(Debug)]
pub enum Content {
    /// A file's bytes, charset unknown.
    Bytes(Vec<u8>),
    /// A track's cues.
    Cues(Vec<Cue>),
}
