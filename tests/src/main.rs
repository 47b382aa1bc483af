//! The development harness: `cargo verify`, `cargo dev …`.

mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Everything a developer's machine needs, behind `cargo dev`.
#[derive(Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run everything CI runs, and print a summary.
    Verify,
    /// Write the generated files anew.
    Generate,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Verify => Ok(verify::verify()),
        Command::Generate => verify::generate().map(|()| true),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
