//! Models as files: pulled, imported, fetched, damaged, changed.

mod broken;
mod fetched;
mod mutated;
mod pull;
mod tiny;
