//! What the documents of the repository state: generated parts, commands that tests run, and promises with their tests.

pub mod commands;
pub mod golden;
pub mod promises;
