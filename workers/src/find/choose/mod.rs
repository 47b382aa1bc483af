//! Which candidate is taken: how well it fits the video, and the order. Pure.

pub mod score;
pub mod select;
