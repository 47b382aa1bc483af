//! Programs compiled once from pinned Go modules into the cache outside the checkout. Does I/O.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{Progress, cache, process::patiently};

/// A command inside a Go module, at one version.
pub struct GoProgram {
    /// The name of the command.
    pub name: &'static str,
    /// The package path, such as `github.com/coredns/coredns`.
    pub package: &'static str,
    /// The version of the module.
    pub version: &'static str,
    /// The seconds that compiling takes on 2 busy cores.
    pub seconds: u32,
}

/// The cluster's DNS server.
pub const COREDNS: GoProgram =
    GoProgram { name: "coredns", package: "github.com/coredns/coredns", version: "v1.12.4", seconds: 240 };

impl GoProgram {
    fn path(&self) -> Result<PathBuf> {
        Ok(cache()?.join("bin").join(format!("{}-{}", self.name, self.version)).join(self.name))
    }

    /// The path of the program, which is compiled if the cache does not have it.
    pub fn find_or_build(&self, progress: Progress<'_>) -> Result<PathBuf> {
        let package = format!("{}@{}", self.package, self.version);
        build_once(&self.path()?, self.seconds, progress, |folder| {
            let mut go = Command::new("go");
            go.args(["install", "-trimpath", "-ldflags", "-s -w", &package]).env("CGO_ENABLED", "0");
            go.env("GOBIN", folder);
            go
        })
    }
}

/// Compiles `program` if it is missing: `command` must write it, under its own name, to the folder it is given.
pub(crate) fn build_once(
    program: &Path,
    up_to: u32,
    progress: Progress<'_>,
    command: impl FnOnce(&Path) -> Command,
) -> Result<PathBuf> {
    let folder = program.parent().context("the cache has a folder")?;
    let name = program.file_name().context("a program has a name")?.to_string_lossy().into_owned();
    fs::create_dir_all(folder).with_context(|| format!("failed to create {}", folder.display()))?;
    // Of several processes that need it at once, one compiles and the others wait.
    let lock = File::create(folder.join(format!("{name}.lock")))?;
    lock.lock()?;
    if program.exists() {
        return Ok(program.to_path_buf());
    }
    let unfinished = folder.join("unfinished");
    let log = folder.join(format!("{name}.log"));
    let tell = |seconds| progress(&format!("compiling {name}, once: {seconds} s of up to {up_to} s"));
    patiently(&mut command(&unfinished), &log, tell).with_context(|| {
        format!("failed to compile {name} (Go programs come from the Go module proxy; what is done is kept)")
    })?;
    fs::rename(unfinished.join(&name), program)?;
    Ok(program.to_path_buf())
}
