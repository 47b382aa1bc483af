//! How the simulated source and engine behave: how long an answer takes, and which calls fail.

use std::time::Duration;

/// How the simulated source and engine behave.
#[derive(Clone, Copy, Debug, Default)]
pub struct Simulation {
    /// How long each answer takes.
    pub delay: Duration,
    /// How many of 100 calls fail, by a seed that includes the attempt.
    pub failure_percent: u8,
}

impl Simulation {
    /// Waits as configured, and returns whether this call fails.
    pub async fn fails(self, seed: &str) -> bool {
        tokio::time::sleep(self.delay).await;
        number(&format!("fail:{seed}"), 100) < u64::from(self.failure_percent)
    }
}

/// A number below `bound` that depends on `seed` only (FNV-1a).
pub(crate) fn number(seed: &str, bound: u64) -> u64 {
    let hash = seed
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 16) % bound
}
