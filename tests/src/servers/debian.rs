//! Root file systems of Debian 13, created once in the cache by debootstrap. Needs root. Does I/O.

use std::{
    fs::{self, File},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    Progress, cache,
    progress::{command::SlowCommand, count::Count},
};

/// A root file system.
pub struct RootFs<'a> {
    /// Its name in the cache.
    pub name: &'a str,
    /// Packages beyond the minimal system, separated by commas.
    pub packages: &'a str,
    /// A script that runs inside at the end; its path from the checkout's root.
    pub script: &'a str,
}

/// RabbitMQ 4.0 and Redis 8.0 (about 250 MB).
pub const SERVERS: RootFs<'static> =
    RootFs { name: "servers", packages: "rabbitmq-server,redis-server", script: "tests/cluster/servers/trim.sh" };

/// Debian 13.
const SUITE: &str = "trixie";
/// Mounts /proc, which the configuration of packages needs, in a mount namespace that ends with the command.
const CHROOT_SCRIPT: &str = "mount -t proc proc \"$1/proc\"; cp /etc/resolv.conf \"$1/etc/resolv.conf\"; \
    cp \"$2\" \"$1/script\"; chroot \"$1\" sh -e /script; rm \"$1/script\"";

impl RootFs<'_> {
    /// The root folder; the file system is created if the cache does not have it.
    pub fn find_or_build(&self, progress: Progress<'_>) -> Result<PathBuf> {
        let mut digest = DefaultHasher::new();
        (SUITE, CHROOT_SCRIPT, self.packages).hash(&mut digest);
        let script = crate::root().join(self.script);
        fs::read(&script).with_context(|| format!("failed to read {}", script.display()))?.hash(&mut digest);
        let folder = cache()?.join("systems");
        fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
        let root = folder.join(format!("{}-{:016x}", self.name, digest.finish()));
        // Of several processes that need it at once, one creates it and the others wait.
        let lock = File::create(root.with_extension("lock"))?;
        lock.lock()?;
        if root.exists() {
            return Ok(root);
        }
        let unfinished = root.with_extension("unfinished");
        let _ = fs::remove_dir_all(&unfinished);
        let mut build = Command::new("debootstrap");
        build.arg("--variant=minbase");
        if !self.packages.is_empty() {
            build.arg(format!("--include={}", self.packages));
        }
        build.arg(SUITE).arg(&unfinished);
        let name = format!("Debian's file system '{}'", self.name);
        let slow = |log: &Path, command: &mut Command| {
            SlowCommand { name: &name, count: Count::None, log }.run(command, progress)
        };
        slow(&root.with_extension("log"), &mut build)
            .context("failed to build Debian 13's root file system (needs root and the package debootstrap)")?;
        let mut run = Command::new("unshare");
        run.args(["--mount", "sh", "-ec", CHROOT_SCRIPT, "sh"]).arg(&unfinished).arg(&script);
        slow(&root.with_extension("script.log"), &mut run)
            .with_context(|| format!("failed to run {} inside the root file system", script.display()))?;
        fs::rename(&unfinished, &root)?;
        Ok(root)
    }
}
