//! The chart and what belongs to it, held against what Helm, the API server and the usual judges say.
//! `UPDATE_GOLDEN=1` rewrites what is made from it: its README, its copy of the CRD, `manifests/rendered.yaml`.

mod chart;
mod dockerfile;
mod examples;
mod films;
mod generated;
mod image;
mod judges;
mod monitoring;
mod releases;
mod rendering;
mod schemas;
mod server;
mod settings;
mod values;
