//! `subtitles models pull`: pairs of a catalogue, downloaded and installed. Does I/O.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use subtitle_workers::translate::engines::firefox::models::{
    self, Folder, Installed, Mirror, ModelError,
    catalogue::{Catalogue, MOZILLA},
};

use super::{described, install, print};
use crate::failure::Failure;

#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Such as en-pt, separated by commas; left out, what the catalogue has is listed
    #[arg(value_name = "PAIRS", value_delimiter = ',')]
    pairs: Vec<String>,
    /// A server with the interface of Mozilla's Remote Settings
    #[arg(long, value_name = "URL", default_value = MOZILLA)]
    from: String,
}

pub(super) async fn run(mirror: &Mirror, Arguments { pairs, from }: Arguments) -> Result<(), Failure> {
    let client =
        reqwest::Client::builder().connect_timeout(Duration::from_secs(10)).read_timeout(Duration::from_secs(60));
    let client = client.build().map_err(|error| Failure::Usage(error.to_string()))?;
    let catalogue = Catalogue::read(client, &from).await?;
    if pairs.is_empty() {
        for (pair, records) in &catalogue.pairs {
            #[expect(clippy::cast_precision_loss, reason = "for display")]
            let megabytes = records.iter().map(|record| record.attachment.size).sum::<u64>() as f64 / 1e6;
            let version = catalogue.version(pair).unwrap_or_default();
            print(&format!("{pair:<10} {megabytes:>6.1} MB  version {version}"))?;
        }
        return Ok(());
    }
    if from == MOZILLA {
        eprintln!(
            "note: Mozilla serves these files for Firefox, not for production: pull them once into a store of your own \
             (--models s3://bucket/models) and let translators read that; licence MPL-2.0"
        );
    }
    let is_shown = io::stderr().is_terminal();
    for pair in &pairs {
        let name = models::pair(pair).map_or_else(|| pair.clone(), |(from, to)| format!("{from}-{to}"));
        match mirror.fetch_pair(&name).await {
            // Pulling is the cure of a damaged pair.
            Ok(()) | Err(ModelError::Stored { .. } | ModelError::Broken { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        let installed = Folder::read(&name, mirror.folder.0.join(&name)).ok();
        let is_current = |model: &Installed| catalogue.version(pair) == Some(&model.manifest.version);
        if let Some(model) = installed.filter(is_current).filter(|model| model.verify().is_ok()) {
            print(&described(&model))?;
            continue;
        }
        let progress = |done: u64, all: u64| {
            if is_shown {
                eprint!("\r{pair}: {:>3} %", done * 100 / all.max(1));
            }
        };
        let new = catalogue.pull(pair, &mirror.folder, progress).await?;
        if is_shown {
            eprintln!();
        }
        install(mirror, new).await?;
    }
    Ok(())
}
