//! Values of fields: ids, languages, names of sources and engines, media types, glossaries, keys of the object store, and
//! text that is safe to print. Pure.

pub mod glossary;
pub mod ids;
pub mod language;
pub mod media;
pub mod names;
pub mod store_key;
pub mod text;
pub(crate) mod timestamp;
