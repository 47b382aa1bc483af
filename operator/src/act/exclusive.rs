//! One job, one hand at a time: a reconcile and the consumer loop of one process never have a write of one job in
//! flight together. (Another process may; then the resourceVersion decides.)

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::{Mutex as Gate, OwnedMutexGuard};

type Gates = Arc<Mutex<HashMap<String, Arc<Gate<()>>>>>;

/// Who has which job in hand, by uid.
#[derive(Debug, Default)]
pub struct Exclusive(Gates);

/// The job is in hand until this is dropped.
#[derive(Debug)]
pub struct Held {
    gates: Gates,
    uid: String,
    entered: Option<OwnedMutexGuard<()>>,
}

fn open(gates: &Gates) -> MutexGuard<'_, HashMap<String, Arc<Gate<()>>>> {
    gates.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Exclusive {
    /// Waits until nobody has the job in hand; those who wait have their turns in the order in which they came.
    pub async fn hold(&self, uid: &str) -> Held {
        let gate = open(&self.0).entry(uid.to_owned()).or_default().clone();
        // Before the wait: one that is given up has to clean up, too.
        let mut held = Held { gates: self.0.clone(), uid: uid.to_owned(), entered: None };
        held.entered = Some(gate.lock_owned().await);
        held
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.entered = None;
        let mut gates = open(&self.gates);
        if gates.get(&self.uid).is_some_and(|gate| Arc::strong_count(gate) == 1) {
            gates.remove(&self.uid);
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;

    #[test]
    fn one_job_is_in_one_hand_others_are_free_and_nothing_is_left_of_those_that_are_not() {
        let exclusive = Exclusive::default();
        let hold = |uid: &'static str| exclusive.hold(uid).now_or_never();
        let first = hold("a").expect("nobody has it");
        assert!(hold("a").is_none(), "it is in hand");
        let other = hold("b").expect("another job");
        drop(first);
        let second = hold("a").expect("it is free again");
        drop((second, other));
        assert!(open(&exclusive.0).is_empty());
    }
}
