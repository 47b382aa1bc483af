//! Container images without a daemon or a network: buildah runs `manifests/image/Dockerfile` with its first stages replaced by
//! folders of this machine. The same folders give the same bytes. Does I/O.

pub mod product;
pub mod sbom;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{Progress, process::output, temporary_folder};

/// One image to build.
pub struct Recipe<'a> {
    /// The Dockerfile.
    pub file: &'a Path,
    /// The stage that becomes the image.
    pub stage: &'a str,
    /// Stages that are replaced by folders, by name.
    pub stages: &'a [(&'a str, &'a Path)],
    /// The image's name and tag.
    pub reference: &'a str,
}

/// An image that consists of a folder's files and an entrypoint.
pub struct Plain<'a> {
    /// The image's name and tag.
    pub reference: &'a str,
    /// The folder that becomes its root file system.
    pub rootfs: &'a Path,
    /// The user id.
    pub user: &'a str,
    /// The entrypoint.
    pub entrypoint: &'a str,
}

/// A format of image archives, and the archive's path.
pub enum Archive<'a> {
    /// The format of registries, compressed.
    Oci(&'a Path),
    /// The format of `docker load`, which containerd imports under the image's name.
    Docker(&'a Path),
}

impl Archive<'_> {
    fn path(&self) -> &Path {
        match self {
            Self::Oci(path) | Self::Docker(path) => path,
        }
    }
}

struct Storage(PathBuf);

impl Storage {
    fn open() -> Result<Self> {
        let unique = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH)?.as_nanos();
        Ok(Self(temporary_folder(&format!("images-{unique}"))?))
    }

    fn buildah(&self) -> Command {
        let mut command = Command::new("buildah");
        command.args(["--storage-driver", "vfs"]);
        command.arg("--root").arg(self.0.join("root")).arg("--runroot").arg(self.0.join("run"));
        command
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Builds an image unless its archives exist and were built from the same sources: `sources` identifies the content of the
/// recipe's folders and is stored beside the first archive. `prepare` writes these folders.
pub fn build_once(
    recipe: &Recipe<'_>,
    archives: &[Archive<'_>],
    sources: &str,
    progress: Progress<'_>,
    prepare: impl FnOnce() -> Result<()>,
) -> Result<()> {
    let first = archives.first().context("an image needs an archive")?.path();
    let made_from = first.with_extension("made-from");
    let sources = format!("{}\n{sources}\n{}", recipe.reference, fs::read_to_string(recipe.file)?);
    let is_known = fs::read_to_string(&made_from).is_ok_and(|known| known == sources);
    if is_known && archives.iter().all(|archive| archive.path().exists()) {
        return Ok(());
    }
    progress(&format!("packing {}", recipe.reference));
    // Half of the archives may be new when this ends early.
    let _ = fs::remove_file(&made_from);
    prepare()?;
    build(recipe, archives)?;
    fs::write(made_from, sources).context("failed to remember what an image was made from")
}

/// The digest of the image in an OCI archive, as a registry would show it.
pub fn digest(archive: &Path) -> Result<String> {
    let index = output(Command::new("tar").arg("-xOf").arg(archive).arg("index.json"))?;
    let index: serde_json::Value = serde_json::from_str(&index)?;
    index["manifests"][0]["digest"].as_str().map(str::to_owned).context("an image archive without a digest")
}

/// Builds an image and writes its archives.
pub fn build(recipe: &Recipe<'_>, archives: &[Archive<'_>]) -> Result<()> {
    let storage = Storage::open()?;
    let nothing = storage.0.join("nothing");
    fs::create_dir_all(&nothing)?;
    let mut build = storage.buildah();
    build.args(["build", "--quiet", "--isolation", "chroot", "--format", "oci", "--timestamp", "0"]);
    build.arg("--file").arg(recipe.file).args(["--target", recipe.stage, "--tag", recipe.reference]);
    for (stage, folder) in recipe.stages {
        build.arg("--build-context").arg(format!("{stage}={}", folder.canonicalize()?.display()));
    }
    output(build.arg(&nothing)).with_context(|| format!("failed to build {}", recipe.reference))?;
    for archive in archives {
        let path = archive.path();
        let format = match archive {
            Archive::Oci(_) => "oci-archive",
            Archive::Docker(_) => "docker-archive",
        };
        // Under its own name only once it is whole.
        let unfinished = path.with_extension("unfinished");
        let _ = fs::remove_file(&unfinished);
        let target = format!("{format}:{}:{}", unfinished.display(), recipe.reference);
        output(storage.buildah().args(["push", "--quiet", recipe.reference, &target]))
            .with_context(|| format!("failed to write {}", path.display()))?;
        fs::rename(&unfinished, path)?;
    }
    Ok(())
}

/// Packs a folder as an image.
pub fn pack(plain: &Plain<'_>, archive: &Path) -> Result<()> {
    let file = archive.with_extension("Dockerfile");
    let Plain { reference, rootfs, user, entrypoint } = plain;
    let text = format!("FROM scratch AS plain\nCOPY --from=content / /\nUSER {user}\nENTRYPOINT [\"{entrypoint}\"]\n");
    fs::write(&file, text)?;
    let recipe = Recipe { file: &file, stage: "plain", stages: &[("content", rootfs)], reference };
    build(&recipe, &[Archive::Docker(archive)])
}
