//! Scans of real folders over the same code as in production: what is listed, what is opened, and what a kill leaves behind.

mod cached;
mod contents;
mod interrupted;
mod library;
mod planted;
mod rig;
mod single;
mod trees;
