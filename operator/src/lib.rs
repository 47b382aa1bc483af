//! The operator: SubtitleJobs in, tasks out; events in, status and history out.

pub mod crd;
