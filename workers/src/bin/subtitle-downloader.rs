//! The downloader.

use subtitle_workers::program;

fn main() -> anyhow::Result<()> {
    program::from_name().unwrap_or(program::downloader::main)()
}
