//! The commands, each in a file of its own.

pub(crate) mod convert;
pub(crate) mod find;
pub(crate) mod get;
pub(crate) mod inspect;
pub(crate) mod models;
pub(crate) mod serve;
pub(crate) mod translate;
