//! What people's libraries really hold, as public bug reports have it: videos and sidecars made here byte by byte, in our own
//! dialogue, and what the sources make of them. A module for each kind.

mod confined;
mod containers;
mod damaged;
mod endless;
mod folder;
mod matroska;
mod mock;
mod mp4;
mod over_http;
mod sidecars;
mod tracks;
mod written;
