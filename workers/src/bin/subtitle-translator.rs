//! The translator.

fn main() -> anyhow::Result<()> {
    subtitle_workers::program::translator::main()
}
