//! Models as files: a folder, or a prefix of an object store, with a folder for each pair of languages, as Mozilla lays them
//! out, and a manifest with the SHA-256 of each file. Everything is verified before a model is read.

pub mod catalogue;
mod folder;
mod header;
mod import;
mod install;
mod kernel;
mod manifest;
mod mirror;

pub use folder::{Folder, Installed, ModelError};
pub use import::{Found, search};
pub use install::{New, check, install};
pub use kernel::Kernel;
pub use manifest::{ListedFile, Manifest, pair};
pub use mirror::{Mirror, default_folder};
