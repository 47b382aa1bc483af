//! The processes: the product's own loops and tasks, started on simulated ports. The only loops here stand in for kube's
//! watch and for its `Controller`.

pub(crate) mod operator;
pub(crate) mod work_queue;
pub(crate) mod worker;
