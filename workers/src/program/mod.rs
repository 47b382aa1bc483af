//! The workers as programs. The image holds them and the command line as one file under several names, which saves space:
//! the name by which it is started decides.

pub mod common;
pub mod downloader;
pub mod translator;

use std::{ffi::OsString, path::Path};

use anyhow::Result;

/// The worker to run for the name by which the program was started; `None` for the command line.
pub fn from_name(started_as: Option<OsString>) -> Option<fn() -> Result<()>> {
    let started_as = started_as?;
    match Path::new(&started_as).file_name()?.to_str()? {
        "subtitle-downloader" => Some(downloader::main),
        "subtitle-translator" => Some(translator::main),
        _ => None,
    }
}
