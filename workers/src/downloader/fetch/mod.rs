//! From candidates to one file in the store.

mod error;
mod paid;
mod take;

pub(super) use take::Taken;
