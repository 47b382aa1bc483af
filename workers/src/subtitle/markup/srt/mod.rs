//! SubRip's markup: its tags, and the repair of what tools leave in such files. Pure.

mod entities;
mod html;
mod repair;
mod tags;

pub(super) use entities::decoded;
pub(in crate::subtitle) use repair::{SrtRepair, repaired};
pub(in crate::subtitle) use tags::without_structure;
pub(super) use tags::{encoded, meaning, segments};
