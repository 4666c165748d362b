//! How long a request may still take.

use alims_domain::limits::{REQUEST_RESERVE_MS, REQUEST_SECONDS_MAX};
use std::time::Duration;

/// The time in which the work on a request must end, so that there is still time to answer. No operation knows it: the
/// edge ends the work that takes longer, and a call that is under way with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLeft(pub Duration);

impl TimeLeft {
    /// What a request has at most.
    pub const MAX: Self = Self(Duration::from_millis(REQUEST_SECONDS_MAX as u64 * 1000 - REQUEST_RESERVE_MS as u64));

    /// What is left of it until an instant at which the process is ended, both in milliseconds since
    /// 1970-01-01T00:00:00Z. An instant of zero is not known.
    #[must_use]
    pub fn until(end_ms: u64, now_ms: i64) -> Self {
        let now_ms = u64::try_from(now_ms).unwrap_or_default();
        match end_ms {
            0 => Self::MAX,
            end => {
                let left = end.saturating_sub(now_ms).saturating_sub(u64::from(REQUEST_RESERVE_MS));
                Self(Duration::from_millis(left).min(Self::MAX.0))
            }
        }
    }
}

/// A request without a deadline of its own has the whole time.
impl Default for TimeLeft {
    fn default() -> Self {
        Self::MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_is_kept_and_no_request_has_more_than_the_whole_time() {
        let now = 1_795_421_700_000_u64;
        let left = |end: u64| TimeLeft::until(end, i64::try_from(now).unwrap()).0.as_millis();
        assert_eq!(left(now + 25_000), 23_500);
        assert_eq!(left(now + 10_000), 8_500);
        assert_eq!(left(now + 1_500), 0);
        assert_eq!(left(now - 1), 0);
        assert_eq!(left(now + 900_000), 23_500, "the gateway waits no longer");
        assert_eq!(left(u64::MAX), 23_500);
        assert_eq!(left(0), 23_500, "not known");
        assert_eq!(TimeLeft::until(5_000, -1).0.as_millis(), 3_500);
    }
}
