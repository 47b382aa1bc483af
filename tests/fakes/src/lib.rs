//! Fakes of the services that the product uses: translation engines, subtitle providers, media players, an HTTP server with a large video, and a
//! foreign publisher. Each service listens on a real socket, checks headers and limits, counts requests and fails
//! on demand. Tests of the workers and the tests on real servers use them. Does I/O.
#![expect(clippy::missing_panics_doc, reason = "a fake that cannot do its part ends its test")]

pub mod engines;
pub mod matroska;
pub mod models;
pub mod players;
pub mod providers;
pub mod publisher;
