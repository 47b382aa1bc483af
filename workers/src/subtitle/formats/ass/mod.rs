//! Advanced SubStation Alpha and SubStation Alpha, by what Aegisub writes and libass reads: their own description
//! leaves most of it open. Pure.

mod read;
mod write;

pub(in crate::subtitle) use read::read;
pub(in crate::subtitle) use write::{loses_precision, refill, write};
