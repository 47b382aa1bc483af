//! Providers of subtitles, asked by the production's clients over sockets: fakes in processes of their own answer,
//! count and go wrong.

mod bench;
mod clients;
mod command_line;
mod faults;
#[expect(dead_code, reason = "shared with the tests of films behind HTTP, which use the rest")]
#[path = "../fakes/film.rs"]
mod film_file;
mod limits;
#[path = "../fakes/providers/mod.rs"]
mod providers;
mod scenarios;
mod stage;
mod system;

#[test]
#[ignore = "the life of a provider's process, which tests start"]
fn provider_process() {
    providers::be();
}
