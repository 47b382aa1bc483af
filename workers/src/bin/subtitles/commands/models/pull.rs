//! `subtitles models pull`: pairs of a catalogue, downloaded and installed. Does I/O.

use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};

use subtitle_workers::translate::engines::firefox::models::{
    Installed, Mirror,
    catalogue::{Catalogue, MOZILLA},
};

use super::{described, failed, install, print};
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
    let catalogue = Catalogue::read(client, &from).await.map_err(|error| failed(&error))?;
    if pairs.is_empty() {
        for (pair, records) in &catalogue.pairs {
            #[expect(clippy::cast_precision_loss, reason = "for display")]
            let megabytes = records.iter().map(|record| record.attachment.size).sum::<u64>() as f64 / 1e6;
            let version = records.first().map_or("", |record| &record.version);
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
    mirror.fetch().await.map_err(|error| failed(&error))?;
    let is_shown = io::stderr().is_terminal();
    for pair in &pairs {
        let version = catalogue.pairs.get(pair).and_then(|records| records.first()).map(|record| &record.version);
        let installed = mirror.folder.installed().unwrap_or_default();
        let is_current =
            |model: &&Installed| model.manifest.pair() == *pair && Some(&model.manifest.version) == version;
        if let Some(model) = installed.iter().find(is_current).filter(|model| model.verify().is_ok()) {
            print(&described(model))?;
            continue;
        }
        let progress = |done: u64, all: u64| {
            if is_shown {
                eprint!("\r{pair}: {:>3} %", done * 100 / all.max(1));
            }
        };
        let new = catalogue.pull(pair, &mirror.folder, progress).await.map_err(|error| failed(&error))?;
        if is_shown {
            eprintln!();
        }
        install(mirror, new).await?;
    }
    Ok(())
}
