//! Medians, spreads and percentiles. Pure.

use std::{fmt, time::Duration};

/// Median, smallest and largest.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    least: f64,
    most: f64,
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

fn at(sorted: &[f64], share: f64) -> f64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index"
    )]
    let index = ((sorted.len().saturating_sub(1)) as f64 * share).round() as usize;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

/// The median.
pub(crate) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    at(&sorted(values), 0.5)
}

/// A rate per second.
pub(crate) fn per_second(count: usize, took: Duration) -> f64 {
    as_f64(count) / took.as_secs_f64()
}

/// A count as a floating-point number.
pub(crate) fn as_f64(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

impl Spread {
    pub(crate) fn new(values: impl IntoIterator<Item = f64>) -> Self {
        let values = sorted(values);
        Self { median: at(&values, 0.5), least: at(&values, 0.0), most: at(&values, 1.0) }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = usize::from(self.most < 20.0) * 2;
        write!(formatter, "{:.digits$} ({:.digits$}–{:.digits$})", self.median, self.least, self.most)
    }
}

/// The durations of many runs, in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Latency {
    sorted: Vec<f64>,
    /// The load under which it was measured, in events a second.
    pub(crate) rate: f64,
}

impl Latency {
    /// The latencies of these durations, measured at this rate.
    pub(crate) fn new(durations: impl IntoIterator<Item = Duration>, rate: f64) -> Self {
        Self { sorted: sorted(durations.into_iter().map(|duration| duration.as_secs_f64() * 1000.0)), rate }
    }

    /// The percentile of this share (0 to 1), in milliseconds.
    pub(crate) fn within(&self, share: f64) -> f64 {
        at(&self.sorted, share)
    }

    pub(crate) fn count(&self) -> usize {
        self.sorted.len()
    }
}
