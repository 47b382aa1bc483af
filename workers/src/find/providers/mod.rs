//! Providers of subtitles on the internet, each in a file of its own behind the trait [`Provider`], and the one list of
//! them. Only those that are configured are called, each within its own limits.
//!
//! ```text
//!  Query ──▶ opensubtitles | podnapisi | gestdown | subdl ──▶ FoundSubtitle (what the provider says of each file)
//!                  │ every call
//!                  ▼
//!              account ──▶ rate_limit (one limiter for all workers) ──▶ HTTP
//! ```

mod access;
mod arguments;
pub mod gestdown;
pub mod opensubtitles;
pub mod podnapisi;
mod provider;
mod query;
pub mod rate_limit;
mod registry;
mod set;
pub mod subdl;

pub use access::links;
pub use arguments::ProviderArguments;
pub use provider::{LimiterFactory, Provider, Setup};
pub use query::Query;
pub use set::Providers;
