//! Percentiles of measured times.

use serde::Serialize;
use std::fmt;
use std::time::Duration;

/// What a number of requests took, in milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Times {
    /// How many were measured.
    pub(crate) count: usize,
    /// Half of them took at most this.
    pub(crate) p50_ms: f64,
    /// 99 of 100 took at most this.
    pub(crate) p99_ms: f64,
    /// The slowest.
    pub(crate) max_ms: f64,
}

impl Times {
    /// Summarises measured times (nearest rank).
    pub(crate) fn of(mut times: Vec<Duration>) -> Self {
        times.sort_unstable();
        let rank = |percent: usize| {
            let at = (times.len() * percent).div_ceil(100).saturating_sub(1);
            times.get(at).map_or(0.0, |time| time.as_secs_f64() * 1000.0)
        };
        Self { count: times.len(), p50_ms: rank(50), p99_ms: rank(99), max_ms: rank(100) }
    }
}

impl fmt::Display for Times {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, p50_ms, p99_ms, max_ms } = self;
        write!(f, "{count:>6} requests   p50 {p50_ms:>8.2} ms   p99 {p99_ms:>8.2} ms   max {max_ms:>8.2} ms")
    }
}
