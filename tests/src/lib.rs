//! The development harness as a library: real servers as processes on free loopback ports, each with its own
//! folder, gone when their owner is gone. `dev` (main.rs) and the tests on real servers use it.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

pub mod cases;
pub mod documents;
pub mod hints;
pub mod image;
pub mod kubernetes;
pub mod limit;
pub mod process;
pub mod progress;
pub mod samples;
pub mod servers;
pub mod skips;
pub mod stack;
pub mod tools;
pub mod usage;

pub use progress::Progress;

/// The cache outside the checkout: `$XDG_CACHE_HOME/subtitles`, or `~/.cache/subtitles`.
pub fn cache() -> Result<PathBuf> {
    let base = match env::var_os("XDG_CACHE_HOME") {
        Some(base) => PathBuf::from(base),
        None => PathBuf::from(env::var_os("HOME").context("neither XDG_CACHE_HOME nor HOME is set")?).join(".cache"),
    };
    Ok(base.join("subtitles"))
}

/// The checkout's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The folder in which cargo keeps what it compiles.
pub fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from)
}

/// A new folder of this process for temporary files.
pub fn temporary_folder(name: &str) -> std::io::Result<PathBuf> {
    let folder = env::temp_dir().join(format!("subtitles-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The manifest of a job; `spec` in flow style.
pub fn job_manifest(name: &str, spec: &str) -> String {
    format!("apiVersion: subtitles.dev/v1alpha1\nkind: SubtitleJob\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}
