//! The chart and the files that belong to it, checked by Helm, a real API server and linters. `UPDATE_GOLDEN=1` rewrites the
//! generated files: its README, its copy of the CRD, `manifests/rendered.yaml`. Does I/O.

mod chart;
mod generated;
mod image;
mod linters;
mod releases;
mod rendering;
mod server;
mod values;
mod videos;
