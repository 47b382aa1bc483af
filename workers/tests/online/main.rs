//! Providers of subtitles, asked by the production's clients over sockets: fakes in processes of their own answer,
//! count and go wrong.

mod bench;
mod clients;
mod command_line;
mod faults;
mod limits;
mod listings;
mod scenarios;
mod stage;
mod system;

use subtitle_fakes::{matroska as film_file, providers};

#[test]
#[ignore = "runs a fake provider in the process that a test started"]
fn provider_process() {
    providers::serve_if_asked();
}
