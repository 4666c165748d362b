//! How long a state waits before it tries again, and when it no longer does.

use std::time::Duration;

use crate::definition::{Jitter, Retrier};

/// The tries of one state, counted for each of its retriers.
pub(crate) struct Tries<'a> {
    retriers: Vec<(&'a Retrier, u32)>,
}

impl<'a> Tries<'a> {
    pub(crate) fn new(retriers: &'a [Retrier]) -> Self {
        Self { retriers: retriers.iter().map(|retrier| (retrier, 0)).collect() }
    }

    /// How long to wait before the next try after this error, or none when there is no next. The first retrier that
    /// names the error decides. `fraction` is drawn at random from 0 to 1.
    pub(crate) fn wait_after(&mut self, error: &str, fraction: f64) -> Option<Duration> {
        let (retrier, taken) =
            self.retriers.iter_mut().find(|(retrier, _)| retrier.error_equals.iter().any(|name| name == error))?;
        if *taken >= retrier.max_attempts {
            return None;
        }
        let most = grown(retrier, *taken);
        *taken += 1;
        Some(match retrier.jitter_strategy {
            Jitter::Full => most.mul_f64(fraction.clamp(0.0, 1.0)),
        })
    }
}

/// The interval after so many tries again, grown and bounded.
fn grown(retrier: &Retrier, taken: u32) -> Duration {
    let exponent = i32::try_from(taken).unwrap_or(i32::MAX);
    let seconds = f64::from(retrier.interval_seconds) * retrier.backoff_rate.powi(exponent);
    // The bound comes first where the growth leaves what a number can hold.
    Duration::from_secs_f64(seconds.min(f64::from(retrier.max_delay_seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn retrier(errors: &[&str], max_attempts: u32) -> Retrier {
        Retrier {
            error_equals: errors.iter().map(|&error| error.to_owned()).collect(),
            interval_seconds: 1,
            backoff_rate: 2.0,
            max_delay_seconds: 5,
            max_attempts,
            jitter_strategy: Jitter::Full,
        }
    }

    #[test]
    fn waits_grow_to_their_bound_and_end_after_the_last_attempt() {
        let retriers = [retrier(&["A"], 4), retrier(&["B", "A"], 1)];
        let mut tries = Tries::new(&retriers);
        let mut wait = |error: &str, fraction: f64| tries.wait_after(error, fraction).map(|wait| wait.as_millis());
        assert_eq!([wait("A", 1.0), wait("A", 1.0), wait("A", 1.0)], [Some(1000), Some(2000), Some(4000)]);
        assert_eq!(wait("A", 0.5), Some(2500));
        // The second names it too, and is not asked: the first that does decides.
        assert_eq!(wait("A", 1.0), None);
        assert_eq!([wait("B", 7.0), wait("B", 1.0), wait("C", 1.0)], [Some(1000), None, None]);
    }

    #[test]
    fn growth_beyond_all_numbers_is_still_bounded() {
        let retriers = [retrier(&["A"], u32::MAX)];
        assert_eq!(grown(&retriers[0], u32::MAX), Duration::from_secs(5));
    }
}
