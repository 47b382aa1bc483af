//! Where subtitles come from: a request comes in, candidates go out, and the chosen one's bytes. Each source lists what it
//! has (cheap) and fetches one (which may cost).
//!
//! ```text
//!  video ──▶ embedded (file, or Range requests) ──┐
//!        ──▶ library (files beside it, or HTTP) ──┼──▶ FoundSubtitle ── choose ──▶ order ── fetch ──▶ FetchedContent
//!        ──▶ providers (within their limits) ──────┘
//! ```

mod budget;
pub mod choose;
mod content;
mod error;
mod facts;
mod finder;
pub(crate) mod folder;
mod found;
pub mod guard;
pub(crate) mod names;
pub mod parser;
pub mod providers;
pub mod release;
mod search;
mod source;
pub mod sources;
pub mod video;

pub use budget::{OverBudget, TaskBudget};
pub use content::{FetchedContent, TrackFile, UnsupportedTrack};
pub use error::{SourceError, SourceErrorKind};
pub use facts::VideoFacts;
pub use finder::Finder;
pub use folder::{Links, written};
pub use found::{FoundSubtitle, Listed, Offer, Origin, VideoLocation, VideoMatch};
pub use search::{ListRequest, Search};
pub use source::{ProviderId, ProviderTraits, SourceId};
pub(crate) use sources::library::{LARGEST_DETECTED, MOST_DETECTED};
pub use sources::mounted::Libraries;
pub(crate) use sources::mounted::LibraryUnavailable;
