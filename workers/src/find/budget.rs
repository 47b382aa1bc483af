//! What one task may take from outside: bytes of videos and libraries and the requests for them are counted as they are
//! made, whatever a server claims. Created by the downloader for each task and passed to its sources. Pure.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// The most bytes of films and of libraries behind HTTP.
const BYTES: u64 = 128 << 20;
/// The most requests for parts of videos and for files of libraries behind HTTP. A film whose index is read needs one for each
/// of its subtitles.
const REQUESTS: u64 = 20_000;

/// What one task may still take from outside.
#[derive(Clone, Debug)]
pub struct TaskBudget(Arc<Left>);

#[derive(Debug)]
struct Left {
    bytes: AtomicU64,
    requests: AtomicU64,
}

/// A task would take more than it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to go on within what one job may take: {most} {unit}")]
pub struct OverBudget {
    most: u64,
    unit: &'static str,
}

impl Default for TaskBudget {
    fn default() -> Self {
        Self(Arc::new(Left { bytes: BYTES.into(), requests: REQUESTS.into() }))
    }
}

impl TaskBudget {
    /// Counts bytes that are about to be fetched.
    pub fn take_bytes(&self, bytes: u64) -> Result<(), OverBudget> {
        take(&self.0.bytes, bytes, OverBudget { most: BYTES, unit: "bytes of videos and libraries" })
    }

    /// Counts a request for a part of a video or a file of a library.
    pub fn take_request(&self) -> Result<(), OverBudget> {
        take(&self.0.requests, 1, OverBudget { most: REQUESTS, unit: "requests for videos and files of libraries" })
    }
}

fn take(left: &AtomicU64, wanted: u64, over: OverBudget) -> Result<(), OverBudget> {
    let taken = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(wanted));
    taken.map(drop).map_err(|_| over)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_takes_so_much_and_no_more_however_many_handles_count() {
        let budget = TaskBudget::default();
        let other = budget.clone();
        assert_eq!(budget.take_bytes(BYTES - 1), Ok(()));
        assert!(other.take_bytes(2).is_err());
        assert_eq!(other.take_bytes(1), Ok(()), "what was refused is not counted");
        assert_eq!((0..30_000).filter(|_| budget.take_request().is_ok()).count(), 20_000);
        assert_eq!(TaskBudget::default().take_bytes(BYTES), Ok(()));
    }
}
