//! Models as files: a folder, or a prefix of an object store, with a folder for each pair of languages, as Mozilla lays them
//! out, and a manifest with the SHA-256 of each file. Everything is verified before a model is read.

pub mod catalogue;
mod folder;
mod header;
mod import;
mod install;
mod manifest;
mod mirror;

pub use folder::{Folder, Installed, ModelError};
pub use header::check as check_header;
pub use import::{Found, search};
pub use install::{New, install, remove};
pub use manifest::{Kind, ListedFile, Manifest, pair};
pub use mirror::{Mirror, default_folder};
