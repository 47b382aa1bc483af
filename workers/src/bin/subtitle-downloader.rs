//! The downloader.

fn main() -> anyhow::Result<()> {
    subtitle_workers::program::downloader::main()
}
