//! The handlers of the routes: a request and the shared state come in, an answer or an `ApiError` goes out. Does I/O.

pub(super) mod create;
pub(super) mod file;
mod find;
mod job_id;
mod query;
pub(super) mod read;
mod views;
