//! The product's programs: compiled, and linked where a stack runs them. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::Profile;
use crate::{
    process::{cargo, output},
    root,
};

/// Compiles operator and workers; returns the folder of their programs.
pub fn build(profile: Profile) -> Result<PathBuf> {
    let mut cargo = cargo();
    cargo.args(["build", "--quiet", "--workspace", "--bins", "--locked"]);
    if profile == Profile::Bench {
        // Together with the bench, so that shared dependencies are compiled once.
        cargo.args(["--profile", "bench", "--bench", "pipeline"]);
    }
    output(&mut cargo)?;
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join(if profile == Profile::Bench { "release" } else { "debug" }))
}

/// Links operator and workers into `folder`, so that a later compilation does not change what is running or restarted.
pub(super) fn pinned(programs: &Path, folder: &Path) -> Result<PathBuf> {
    let pinned = folder.join("programs");
    fs::create_dir_all(&pinned)?;
    for name in ["subtitle-operator", "subtitle-downloader", "subtitle-translator"] {
        let (from, to) = (programs.join(name), pinned.join(name));
        let _ = fs::remove_file(&to);
        fs::hard_link(&from, &to).or_else(|_| fs::copy(&from, &to).map(drop)).context("failed to link a program")?;
    }
    Ok(pinned)
}
