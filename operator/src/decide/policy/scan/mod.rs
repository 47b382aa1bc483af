//! What scans say: pages of what is there, and at the end what is not. Pure.

pub mod finish;
pub mod pages;
mod satisfied;
