//! The development harness: `cargo demo`, `cargo verify`, `cargo dev …`. Does I/O.

mod commands;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use commands::{
    demo, generated, requirements, serve,
    session::{SessionArgs, SessionGuard},
    simulate, verify,
};
use subtitle_tests::{
    image::{digest, product},
    kubernetes::{
        installation::make_volumes,
        node::{Node, SERVER_IMAGES},
    },
    progress::print,
    tools::{
        self,
        packages::{self, Purpose},
    },
};

/// Everything a developer's machine needs, behind `cargo dev`.
#[derive(Parser)]
#[command(name = "cargo dev", bin_name = "cargo dev")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Show the product: start everything, run the samples, leave it running.
    Demo(SessionArgs),
    /// Start everything and leave it running.
    Up(SessionArgs),
    /// End what demo or up has started.
    Down(SessionArgs),
    /// Print what a shell needs to talk to it: eval "$(cargo dev env)".
    Env(SessionArgs),
    /// Run everything CI runs, and print a summary.
    Verify {
        /// Only the checks that need no Kubernetes: format, lints, generated files, unit tests, simulation
        #[arg(long)]
        fast: bool,
    },
    /// Run seeds of the simulation, or trace one.
    Simulate(simulate::Wanted),
    /// Write the generated files again.
    Generate,
    /// Build the container images, without a daemon and without a network.
    Image,
    /// Inflict every fault on real servers while many jobs run, and check how each job ended.
    Faults {
        /// How many jobs; verify runs 500
        #[arg(long, default_value_t = 20_000)]
        jobs: u32,
    },
    /// Measure, and write the figures to a file; needs an otherwise idle machine.
    Bench {
        /// What to measure
        #[arg(value_enum)]
        what: Bench,
    },
    /// Long runs on a real Kubernetes node that verify leaves out.
    E2e {
        /// What to run
        #[arg(value_enum)]
        what: E2e,
    },
    /// Run a Kubernetes node until Ctrl-C, for trying things by hand.
    Node {
        /// Also load the product's images, RabbitMQ and Redis, and make the volumes that manifests/dev claims
        #[arg(long)]
        images: bool,
    },
    /// The background process of demo and up.
    #[command(hide = true)]
    Serve(SessionArgs),
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum E2e {
    /// KEDA, compiled from its Go module, scales workers from one to three and back without killing a busy one
    Keda,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Bench {
    /// Events and jobs through the pipeline, compared with the bare servers (tests/bench/RESULTS.md)
    Pipeline,
}

fn up(options: &SessionArgs) -> Result<()> {
    requirements::check_and_install(options)?;
    let guard = SessionGuard::begin(options)?;
    let folder_argument = options.folder_argument();
    println!(
        "Everything runs. Next: eval \"$(cargo dev env{folder_argument})\"; end it with: cargo dev down{folder_argument}"
    );
    guard.keep()
}

fn down(options: &SessionArgs) -> Result<()> {
    let ended = options.down()?;
    println!("{}", if ended { "ended; nothing of it is running" } else { "nothing was running" });
    Ok(())
}

fn env(options: &SessionArgs) -> Result<()> {
    let session = options.running()?;
    println!("export KUBECONFIG='{}'", session.kubeconfig.display());
    println!("export SUBTITLES_API='{}'", session.api);
    if let Some(library) = &session.library {
        println!("export SUBTITLES_LIBRARY='{}'", library.display());
    }
    println!("export SUBTITLES_BROKER_URL='{}' SUBTITLES_REDIS_URL='{}'", session.broker_url, session.redis_url);
    for program in [Some(&session.kubectl), session.helm.as_ref()].into_iter().flatten() {
        if let Some(folder) = program.parent().filter(|folder| folder.is_absolute()) {
            println!("export PATH='{}':\"$PATH\"", folder.display());
        }
    }
    Ok(())
}

fn image() -> Result<()> {
    packages::ensure(Purpose::Node, &print)?;
    let images = product::images(&print)?;
    for image in [&images.subtitles, &images.apertium] {
        let kilobytes = std::fs::metadata(&image.compressed)?.len() / 1000;
        println!("{}\n  {}, {kilobytes} kB compressed", image.reference, digest(&image.compressed)?);
        println!("  {} (docker load, ctr images import)", image.archive.display());
    }
    Ok(())
}

fn node(with_images: bool) -> Result<()> {
    packages::ensure(Purpose::Node, &print)?;
    let node = Node::start("hand", &print)?;
    if with_images {
        let images = product::images(&print)?;
        [images.subtitles.archive, images.apertium.archive].iter().try_for_each(|archive| node.load(archive))?;
        node.load_servers(&SERVER_IMAGES, &print)?;
        make_volumes(&node, None)?;
    }
    println!("export KUBECONFIG='{}'", node.cluster.kubeconfig.display());
    let helm = tools::HELM_4.find_or_build(&print)?;
    println!("export PATH='{}':\"$PATH\"", helm.parent().unwrap_or(&helm).display());
    println!("It ends with this program, by Ctrl-C or the end of its input.");
    std::io::stdin().lines().for_each(drop);
    Ok(())
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Demo(options) => demo::demo(&options).map(|()| true),
        Command::Up(options) => up(&options).map(|()| true),
        Command::Down(options) => down(&options).map(|()| true),
        Command::Env(options) => env(&options).map(|()| true),
        Command::Node { images } => node(images).map(|()| true),
        Command::Serve(options) => serve::serve(&options).map(|()| true),
        Command::Simulate(wanted) => simulate::simulate(&wanted),
        Command::Verify { fast } => verify::verify(fast),
        Command::Generate => generated::write().map(|()| true),
        Command::Image => image().map(|()| true),
        Command::Bench { what: Bench::Pipeline } => verify::bench_pipeline().map(|()| true),
        Command::E2e { what: E2e::Keda } => verify::e2e_keda().map(|()| true),
        Command::Faults { jobs } => verify::faults(jobs).map(|()| true),
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
