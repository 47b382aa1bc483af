//! What is done with text on its way to an engine and back. Pure.

pub mod glossary;
pub mod lines;
pub mod names;
pub mod readability;
pub mod sentences;
mod sounds;
mod wrap;

#[cfg(test)]
mod tests;
