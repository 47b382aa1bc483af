//! The downloader: a task comes in; the subtitle, a request to translate another one, or the reason why neither exists goes
//! out.
//!
//! ```text
//!  task ── listing (ask sources) ──▶ candidates ── take (choose, fetch, open) ──▶ a file in the store
//!                  ▲                                    │ none is usable
//!                  └── while other sources are left ────┴──▶ no_result (why)
//! ```

mod fetch;
mod listing;
mod no_result;
mod order;
mod plan;
mod run;
mod settings;
mod standalone;
mod work;

pub use run::DownloadOutcome;
pub use settings::Downloader;
