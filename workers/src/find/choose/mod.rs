//! Scores candidates against the video and selects one. Pure.

mod identity;
mod preference;
pub mod score;
pub mod select;
