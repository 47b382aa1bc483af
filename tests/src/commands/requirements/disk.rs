//! The free space of the disks on which compilers and caches grow, checked before anything starts. Does I/O.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result, bail};
use subtitle_tests::process::output;

/// A folder that grows by about this much.
pub(super) struct DiskRequirement {
    pub(super) folder: PathBuf,
    pub(super) megabytes: u64,
    /// The environment variable that moves it.
    pub(super) variable: &'static str,
}

/// The device of a folder that may not exist yet, and the free space on it in megabytes.
fn free(folder: &Path) -> Result<(String, u64)> {
    let existing = folder.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let table = output(Command::new("df").args(["--output=target,avail", "-B1M"]).arg(existing))?;
    let line = table.lines().nth(1).context("df printed no line")?;
    let (device, free) = line.trim().rsplit_once(' ').context("df printed one column")?;
    Ok((device.trim().to_owned(), free.parse()?))
}

fn gigabytes(megabytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal is shown")]
    let gigabytes = megabytes as f64 / 1000.0;
    format!("{gigabytes:.1} GB")
}

/// What is needed in all, as people read it.
pub(super) fn needed(requirements: &[DiskRequirement]) -> String {
    gigabytes(requirements.iter().map(|requirement| requirement.megabytes).sum())
}

/// An error if a disk has less free space than will grow on it.
pub(super) fn check(requirements: &[DiskRequirement]) -> Result<()> {
    let mut disks: BTreeMap<String, (u64, Vec<&DiskRequirement>)> = BTreeMap::new();
    for requirement in requirements {
        let (device, free) = free(&requirement.folder)?;
        disks.entry(device).or_insert((free, Vec::new())).1.push(requirement);
    }
    for (device, (free, requirements)) in disks {
        let needed: u64 = requirements.iter().map(|requirement| requirement.megabytes).sum();
        if free >= needed {
            continue;
        }
        let folders: Vec<String> = requirements
            .iter()
            .map(|DiskRequirement { folder, megabytes, variable }| {
                format!("  {} in {}, which {variable} moves", gigabytes(*megabytes), folder.display())
            })
            .collect();
        bail!(
            "the disk at {device} has {} free, and this needs about {}:\n{}\nFree some space or move them, and run it again.",
            gigabytes(free),
            gigabytes(needed),
            folders.join("\n")
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{DiskRequirement, check};

    #[test]
    fn too_small_a_disk_is_named_with_what_is_needed_and_how_to_move_it() {
        let requirement =
            |megabytes| DiskRequirement { folder: "/tmp/not/there/yet".into(), megabytes, variable: "GOCACHE" };
        check(&[requirement(1)]).expect("there is a megabyte");
        let error =
            check(&[requirement(1), requirement(1_000_000_000_000)]).expect_err("there is not so much").to_string();
        for part in ["free, and this needs about 1000000000.0 GB", "in /tmp/not/there/yet, which GOCACHE moves"] {
            assert!(error.contains(part), "{part}: {error}");
        }
    }
}
