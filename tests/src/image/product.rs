//! The product's images, built from this checkout: static programs, and Apertium from Debian's packages. Does I/O.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context as _, Result};

use crate::{
    Progress, cache,
    image::{Archive, Recipe, build_once},
    process::{output, yielding_cargo},
    progress::{command::SlowCommand, count::Count},
    root,
    servers::debian::RootFs,
    target,
};

const DOCKERFILE: &str = "manifests/image/Dockerfile";
/// Static linking of glibc needs an explicit target, or build scripts and macros would be linked statically, too.
const TARGET: &str =
    if cfg!(target_arch = "aarch64") { "aarch64-unknown-linux-gnu" } else { "x86_64-unknown-linux-gnu" };
const CERTIFICATES: &str = "/etc/ssl/certs/ca-certificates.crt";

/// An image and its archives.
pub struct Image {
    /// The name and tag.
    pub reference: &'static str,
    /// The archive for `docker load` and containerd.
    pub archive: PathBuf,
    /// The archive for registries.
    pub compressed: PathBuf,
}

impl Image {
    fn archives(&self) -> [Archive<'_>; 2] {
        [Archive::Oci(&self.compressed), Archive::Docker(&self.archive)]
    }
}

/// The images that the chart installs.
pub struct Images {
    /// Operator, downloader, translator, command line.
    pub subtitles: Image,
    /// Apertium's web service.
    pub apertium: Image,
}

/// Builds the images that are missing or have changed (about 8 minutes on 2 cores from scratch).
pub fn images(progress: Progress<'_>) -> Result<Images> {
    let folder = cache()?.join("images");
    fs::create_dir_all(&folder).with_context(|| format!("failed to create {}", folder.display()))?;
    // Two at once would write the same archives.
    let lock = File::create(folder.join("lock"))?;
    lock.lock()?;
    Ok(Images { subtitles: subtitles(&folder, progress)?, apertium: apertium(&folder, progress)? })
}

/// Where the static programs are.
pub fn programs_folder() -> PathBuf {
    target().join(TARGET).join("image")
}

/// Builds the static programs; returns their folder.
fn programs(progress: Progress<'_>, log: &Path) -> Result<PathBuf> {
    let home = std::env::var("CARGO_HOME").or_else(|_| std::env::var("HOME").map(|home| home + "/.cargo"))?;
    // The same bytes from every checkout, and no path of this machine in them.
    let flags = format!(
        "-C target-feature=+crt-static --remap-path-prefix={}=/source --remap-path-prefix={home}=/cargo",
        root().canonicalize()?.display()
    );
    // It yields to what is compiled for the tests.
    let mut cargo = yielding_cargo();
    cargo.args(["build", "--locked", "--profile", "image", "--target", TARGET]);
    cargo.args(["--bin", "subtitle-operator", "--bin", "subtitles"]);
    cargo.args(["--package", "subtitle-operator", "--package", "subtitle-workers"]);
    cargo.env("RUSTFLAGS", flags).env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "120");
    SlowCommand { name: "the image's programs", count: Count::Cargo, log }.run(&mut cargo, progress)?;
    Ok(programs_folder())
}

fn subtitles(folder: &Path, progress: Progress<'_>) -> Result<Image> {
    let image = Image {
        reference: "docker.io/subtitles/subtitle-operator:0.1.0",
        archive: folder.join("subtitles.tar"),
        compressed: folder.join("subtitles.oci.tar"),
    };
    let programs = programs(progress, &folder.join("programs.log"))?;
    let (file, stage) = (root().join(DOCKERFILE), folder.join("programs"));
    let _ = fs::remove_dir_all(&stage);
    let mut assemble = Command::new("sh");
    assemble.arg("manifests/image/assemble.sh").arg(programs).arg(CERTIFICATES).arg(stage.join("root-of-image"));
    output(assemble.current_dir(root()))?;
    let sums = "find . -type f -exec sha256sum {} + | sort -k 2; find . -type l -printf '%p %l\\n' | sort";
    let sums = output(Command::new("sh").args(["-c", sums]).current_dir(&stage))?;
    let recipe =
        Recipe { file: &file, stage: "subtitles", stages: &[("programs", &stage)], reference: image.reference };
    build_once(&recipe, &image.archives(), &sums, progress, || Ok(()))?;
    Ok(image)
}

fn apertium(folder: &Path, progress: Progress<'_>) -> Result<Image> {
    let image = Image {
        reference: "docker.io/subtitles/subtitle-apertium:0.1.0",
        archive: folder.join("apertium.tar"),
        compressed: folder.join("apertium.oci.tar"),
    };
    let root_fs = RootFs { name: "apertium", packages: "", script: "manifests/image/apertium.sh" };
    let root_fs = root_fs.find_or_build(progress)?;
    let (file, stage) = (root().join(DOCKERFILE), folder.join("packages"));
    let recipe = Recipe { file: &file, stage: "apertium", stages: &[("packages", &stage)], reference: image.reference };
    build_once(&recipe, &image.archives(), &root_fs.display().to_string(), progress, || {
        let _ = fs::remove_dir_all(&stage);
        fs::create_dir_all(&stage)?;
        let mut copy = Command::new("cp");
        output(copy.arg("--archive").arg("--link").arg(&root_fs).arg(stage.join("root-of-image"))).map(drop)
    })?;
    Ok(image)
}
