//! RabbitMQ and Redis as an image, under the official images' names. Does I/O.

use std::{fs, path::PathBuf};

use anyhow::Result;

use crate::{
    Progress, cache,
    image::{Archive, Recipe, build_once},
    root,
    servers::debian::SERVERS,
};

/// The image archive, built if the cache does not have it for these sources.
pub(super) fn archive(reference: &str, progress: Progress<'_>) -> Result<PathBuf> {
    let (system, sources) = (SERVERS.find_or_build(progress)?, root().join("tests/cluster/servers"));
    let folder = cache()?.join("images");
    fs::create_dir_all(&folder)?;
    let archive = folder.join("servers.tar");
    let stages = [("system", system.as_path())];
    let recipe = Recipe { file: &sources.join("Dockerfile"), stage: "servers", stages: &stages, reference };
    build_once(&recipe, &[Archive::Docker(&archive)], &system.display().to_string(), progress, || Ok(()))?;
    Ok(archive)
}
