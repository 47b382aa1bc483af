//! A library as desired state: what a policy asks for, and the scans that find out what is there. Pure.

pub mod pages;
pub mod scan;
