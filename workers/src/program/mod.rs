//! The workers as programs. The image holds them and the command line as one file under several names, which saves space:
//! the name by which it is started decides, as it does for the process that reads one file. Does I/O: reads its own name.

pub mod common;
pub mod downloader;
mod mock;
pub mod translator;

use std::path::Path;

use anyhow::Result;

use crate::find::parser;

/// What to run for the name by which the program was started; `None` for the program's own work.
pub fn from_name() -> Option<fn() -> Result<()>> {
    let started_as = std::env::args_os().next()?;
    match Path::new(&started_as).file_name()?.to_str()? {
        "subtitle-downloader" => Some(downloader::main),
        "subtitle-translator" => Some(translator::main),
        parser::NAME => Some(parser::main),
        _ => None,
    }
}
