//! Policies over a library in memory. Pure.

mod months;
mod plans;
mod scans;
mod world;
