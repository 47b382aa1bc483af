//! RabbitMQ and Redis as an image, under the official images' names. Does I/O.

use std::{fs, path::PathBuf};

use anyhow::Result;

use crate::{
    cluster::{Progress, cache},
    debian::SERVERS,
    image::{Archive, Recipe, build},
    root,
};

/// The archive, made now if the cache does not have it for these sources.
pub(super) fn archive(reference: &str, progress: Progress<'_>) -> Result<PathBuf> {
    let (system, sources) = (SERVERS.find_or_make(progress)?, root().join("tests/cluster/servers"));
    let folder = cache()?.join("images");
    fs::create_dir_all(&folder)?;
    let (archive, made_from) = (folder.join("servers.tar"), folder.join("servers.made-from"));
    let file = sources.join("Dockerfile");
    let inputs = format!("{}\n{reference}\n{}", system.display(), fs::read_to_string(&file)?);
    if fs::read_to_string(&made_from).is_ok_and(|known| known == inputs) && archive.exists() {
        return Ok(archive);
    }
    progress("packing RabbitMQ and Redis");
    let stages = [("system", system.as_path())];
    build(&Recipe { file: &file, stage: "servers", stages: &stages, reference }, &[Archive::Docker(&archive)])?;
    fs::write(made_from, inputs)?;
    Ok(archive)
}
