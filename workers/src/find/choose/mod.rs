//! Which candidate is taken: how well it fits the video, and the order. Pure.

mod identity;
mod preference;
pub mod score;
pub mod select;

#[cfg(test)]
mod tests;
