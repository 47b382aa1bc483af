//! Programs compiled once from pinned Go modules into the cache outside the checkout. Does I/O.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    Progress, cache,
    process::output,
    progress::{
        command::{SlowCommand, took},
        count::Count,
    },
};

/// Flags with which every program is compiled: the same, so that programs share compiled packages. Without debug information
/// the packages of the API server take a tenth less.
pub(crate) const FLAGS: [&str; 3] = ["-v", "-trimpath", "-gcflags=all=-dwarf=false"];

/// A command inside a Go module, at one version.
pub struct GoProgram {
    /// The name of the command.
    pub name: &'static str,
    /// The package path, such as `github.com/coredns/coredns`.
    pub package: &'static str,
    /// The version of the module.
    pub version: &'static str,
}

/// The cluster's DNS server.
pub const COREDNS: GoProgram = GoProgram { name: "coredns", package: "github.com/coredns/coredns", version: "v1.12.4" };

impl GoProgram {
    fn path(&self) -> Result<PathBuf> {
        Ok(cache()?.join("bin").join(format!("{}-{}", self.name, self.version)).join(self.name))
    }

    /// Whether the cache has it.
    pub fn is_built(&self) -> Result<bool> {
        Ok(self.path()?.exists())
    }

    /// The path of the program, which is compiled if the cache does not have it.
    pub fn find_or_build(&self, progress: Progress<'_>) -> Result<PathBuf> {
        let package = format!("{}@{}", self.package, self.version);
        let count = || Count::Go { packages: 0 };
        build_once(&self.path()?, count, progress, |folder| {
            let mut go = go();
            go.arg("install").args(FLAGS).args(["-ldflags", "-s -w", &package]).env("GOBIN", folder);
            go
        })
    }
}

/// `go`, as it compiles fastest: it yields to cargo, whose programs are shown first, and its compilers collect garbage more
/// rarely (a tenth less CPU time for the API server).
pub(crate) fn go() -> Command {
    let mut go = Command::new("nice");
    go.args(["-n", "10", "go"]).env("CGO_ENABLED", "0").env("GOGC", "400");
    go
}

/// The number of packages that a program in a module's folder consists of.
pub(crate) fn packages(folder: &Path, package: &str) -> usize {
    let list = output(Command::new("go").args(["list", "-deps", package]).current_dir(folder).env("CGO_ENABLED", "0"));
    list.map_or(0, |list| list.lines().count())
}

/// Makes `program` if it is missing: `command` must write it, under its own name, to the folder it is given.
pub(crate) fn build_once(
    program: &Path,
    count: impl FnOnce() -> Count,
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
    // An interrupted run may have left some of it.
    let unfinished = folder.join("unfinished");
    let _ = fs::remove_dir_all(&unfinished);
    let slow = SlowCommand { name: &name, count: count(), log: &folder.join(format!("{name}.log")) };
    let cost = slow.run(&mut command(&unfinished), progress);
    let cost = cost.with_context(|| format!("failed to make {name}"))?;
    fs::rename(unfinished.join(&name), program)?;
    progress(&format!("{name} is ready, once ({})", took(cost)));
    Ok(program.to_path_buf())
}
