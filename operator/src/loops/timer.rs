//! A periodic timer for loops: it is only reset when it fires, so that a busy branch of a `select!` does not postpone it. Used
//! instead of tokio's interval because it takes the clock as an argument.

use std::{pin::Pin, time::Duration};

use subtitle_clock::Clock;

/// Ticks once per period.
pub(super) struct Timer<C> {
    clock: C,
    period: Duration,
    sleep: Pin<Box<dyn Future<Output = ()> + Send>>,
}

fn sleep<C: Clock>(clock: C, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move { clock.sleep(duration).await })
}

impl<C: Clock> Timer<C> {
    /// Ticks for the first time after one period.
    pub(super) fn after(clock: &C, period: Duration) -> Self {
        Self { clock: clock.clone(), period, sleep: sleep(clock.clone(), period) }
    }

    /// Ticks for the first time at once.
    pub(super) fn at_once(clock: &C, period: Duration) -> Self {
        Self { clock: clock.clone(), period, sleep: sleep(clock.clone(), Duration::ZERO) }
    }

    /// Waits until the period has passed. Cancel-safe: dropping it does not postpone the tick.
    pub(super) async fn tick(&mut self) {
        self.sleep.as_mut().await;
        self.sleep = sleep(self.clock.clone(), self.period);
    }
}
