//! What is done with text on its way to an engine and back. Pure.

pub mod glossary;
pub mod lines;
pub mod names;
pub mod readability;
pub mod sentences;
pub(in crate::translate) mod sounds;
pub(in crate::translate) mod wrap;

#[cfg(test)]
mod tests;
