//! The processes: the production loops and tasks, running on simulated ports. The only loops written for the simulation
//! replace kube's watcher and `Controller`.

pub(crate) mod operator;
mod policies;
pub(crate) mod work_queue;
pub(crate) mod worker;
