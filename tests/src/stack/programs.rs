//! The product's programs: compiled, and linked where a stack runs them. Does I/O.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result};

use super::Profile;
use crate::{
    Progress,
    process::cargo,
    progress::{command::SlowCommand, count::Count},
    target,
};

/// A small test that is compiled with the programs: then cargo chooses the features that the tests choose, and whatever is
/// compiled for the programs serves the tests, and the other way round.
const SAME_FEATURES: [&str; 2] = ["--test", "wire"];

/// Compiles operator and workers; returns the folder of their programs.
pub fn build(profile: Profile, progress: Progress<'_>) -> Result<PathBuf> {
    match profile {
        Profile::Dev => compile(&["--bins"], &SAME_FEATURES, "operator and workers", progress)?,
        // Together with the bench, so that shared dependencies are compiled once.
        Profile::Bench => {
            let bench = ["--profile", "bench", "--bench", "pipeline"];
            compile(&["--bins"], &bench, "optimized operator and workers", progress)?;
            return Ok(target().join("release"));
        }
    }
    Ok(target().join("debug"))
}

/// Compiles only the command line of the workers; returns the program.
pub fn build_command_line(progress: Progress<'_>) -> Result<PathBuf> {
    compile(&["--bin", "subtitles"], &SAME_FEATURES, "the workers", progress)?;
    Ok(target().join("debug/subtitles"))
}

fn compile(what: &[&str], with: &[&str], name: &str, progress: Progress<'_>) -> Result<()> {
    let mut cargo = cargo();
    cargo.args(["build", "--workspace", "--locked"]).args(what).args(with);
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "120");
    cargo.env("CARGO_TERM_COLOR", "never").env_remove("CARGO_TERM_QUIET");
    fs::create_dir_all(target()).with_context(|| format!("failed to create {}", target().display()))?;
    let log = target().join(format!("programs-{}.log", std::process::id()));
    SlowCommand { name, count: Count::Cargo, log: &log }.run(&mut cargo, progress)?;
    let _ = fs::remove_file(log);
    Ok(())
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
