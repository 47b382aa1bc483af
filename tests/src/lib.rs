//! The development harness as a library: real servers as processes on free loopback ports, each with its own
//! folder, gone when their owner is gone. `dev` (main.rs) and the tests on real servers stand on it.

use std::path::{Path, PathBuf};

pub mod cluster;
pub mod debian;
pub mod films;
pub mod go;
pub mod image;
pub mod installation;
pub mod keda;
pub mod node;
pub mod packages;
pub mod process;
pub mod product;
pub mod proxy;
pub mod rabbitmq;
pub mod samples;
pub mod sbom;
pub mod servers;
pub mod stack;
pub mod tools;

/// The checkout's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A new folder of this process for temporary files.
pub fn temporary_folder(name: &str) -> std::io::Result<PathBuf> {
    let folder = std::env::temp_dir().join(format!("subtitles-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// The manifest of a job; `spec` in flow style.
pub fn job_manifest(name: &str, spec: &str) -> String {
    format!("apiVersion: subtitles.dev/v1alpha1\nkind: SubtitleJob\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}
