//! The two workers as programs. The image holds them and the command line as one file under three names, which is a
//! third of the size: the name by which it is started decides.

pub mod downloader;
pub mod translator;

use std::{ffi::OsString, path::Path};

use anyhow::{Context as _, Result};

/// What to run for the name by which a program was started, unless it is the command line.
pub fn of(started_as: Option<OsString>) -> Option<fn() -> Result<()>> {
    let started_as = started_as?;
    match Path::new(&started_as).file_name()?.to_str()? {
        "subtitle-downloader" => Some(downloader::main),
        "subtitle-translator" => Some(translator::main),
        _ => None,
    }
}

fn to_its_end(program: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.context("failed to start the runtime's threads")?.block_on(program)
}
