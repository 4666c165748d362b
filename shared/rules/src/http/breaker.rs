//! A circuit breaker: it opens after repeated failures of an engine, and later lets one call through as a probe.
//!
//! It reads no clock: the caller passes the time.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// After how many failures in a row the breaker opens.
pub(crate) const FAILURES_MAX: u32 = 5;
/// How long the breaker stays open before it lets a probe through. Meanwhile each call is answered at once with 503 and
/// `Retry-After: 1`, so that callers return at about the time when the engine may be back.
pub(crate) const SPARED_FOR: Duration = Duration::from_secs(5);

/// Counts the failures of one engine, as this process sees them.
#[derive(Debug)]
pub(crate) struct Breaker {
    engine: &'static str,
    state: Mutex<State>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Calls go through; this many in a row have failed.
    Closed { failures: u32 },
    /// No call has been allowed since then.
    Open { since: Instant },
    /// One probe is under way; the breaker has been open since then.
    HalfOpen { since: Instant },
}

/// Permission for one call. Its holder reports the result; a dropped probe makes room for another.
#[derive(Debug)]
pub(crate) struct Permit<'b> {
    breaker: &'b Breaker,
    probe: bool,
    settled: bool,
}

impl Breaker {
    /// A breaker that has seen no failure. Its log lines contain the name.
    pub(crate) fn new(engine: &'static str) -> Self {
        Self { engine, state: Mutex::new(State::Closed { failures: 0 }) }
    }

    /// Permission for one call; none while the breaker is open.
    pub(crate) fn permit(&self, now: Instant) -> Option<Permit<'_>> {
        let mut state = self.state();
        let probe = match *state {
            State::Closed { .. } => false,
            State::Open { since } if now.saturating_duration_since(since) >= SPARED_FOR => {
                *state = State::HalfOpen { since };
                self.tell("half-open", "the circuit breaker lets one call through as a probe");
                true
            }
            State::Open { .. } | State::HalfOpen { .. } => return None,
        };
        Some(Permit { breaker: self, probe, settled: false })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The line that a metric filter reads: `breaker` is `open`, `half-open` or `closed`.
    fn tell(&self, breaker: &'static str, what: &'static str) {
        tracing::warn!(rules_engine = self.engine, breaker, "{what}");
    }
}

impl Permit<'_> {
    /// Reports the result. The result of a call that began before the breaker opened has no effect.
    pub(crate) fn settle(mut self, well: bool, now: Instant) {
        self.settled = true;
        let mut state = self.breaker.state();
        match *state {
            State::Closed { .. } if well => *state = State::Closed { failures: 0 },
            State::Closed { failures } if failures + 1 < FAILURES_MAX => {
                *state = State::Closed { failures: failures + 1 };
            }
            State::Closed { .. } => {
                *state = State::Open { since: now };
                self.breaker.tell("open", "the rules engine failed too often in a row: the circuit breaker is open");
            }
            State::HalfOpen { .. } if self.probe && well => {
                *state = State::Closed { failures: 0 };
                self.breaker.tell("closed", "the rules engine is back");
            }
            State::HalfOpen { .. } if self.probe => {
                *state = State::Open { since: now };
                self.breaker.tell("open", "the rules engine is still failing: the circuit breaker stays open");
            }
            State::Open { .. } | State::HalfOpen { .. } => {}
        }
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        if self.settled || !self.probe {
            return;
        }
        let mut state = self.breaker.state();
        if let State::HalfOpen { since } = *state {
            *state = State::Open { since };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(breaker: &Breaker, now: Instant, times: u32) {
        for _ in 0..times {
            breaker.permit(now).expect("it is closed").settle(false, now);
        }
    }

    #[test]
    fn the_breaker_opens_only_on_failures_in_a_row() {
        let (breaker, now) = (Breaker::new("test"), Instant::now());
        fails(&breaker, now, FAILURES_MAX - 1);
        breaker.permit(now).expect("it is closed").settle(true, now);
        fails(&breaker, now, FAILURES_MAX - 1);
        assert!(breaker.permit(now).is_some());
        fails(&breaker, now, 1);
        assert!(breaker.permit(now).is_none());
        assert!(breaker.permit(now + SPARED_FOR - Duration::from_millis(1)).is_none());
    }

    #[test]
    fn one_probe_goes_out_at_a_time_and_decides() {
        let (breaker, now) = (Breaker::new("test"), Instant::now());
        fails(&breaker, now, FAILURES_MAX);
        let later = now + SPARED_FOR;
        let probe = breaker.permit(later).expect("a probe");
        assert!(breaker.permit(later).is_none(), "a second probe");
        probe.settle(false, later);
        assert!(breaker.permit(later).is_none(), "it failed: spared again");
        let later = later + SPARED_FOR;
        breaker.permit(later).expect("a probe").settle(true, later);
        assert!(breaker.permit(later).is_some());
        assert!(breaker.permit(later).is_some());
    }

    #[test]
    fn a_probe_that_is_given_up_makes_room_for_another() {
        let (breaker, now) = (Breaker::new("test"), Instant::now());
        fails(&breaker, now, FAILURES_MAX);
        let later = now + SPARED_FOR;
        drop(breaker.permit(later).expect("a probe"));
        assert!(breaker.permit(later).is_some());
    }

    #[test]
    fn a_call_from_before_has_no_say_once_it_is_open() {
        let (breaker, now) = (Breaker::new("test"), Instant::now());
        let [early, late, last] = [(); 3].map(|()| breaker.permit(now).expect("closed"));
        fails(&breaker, now, FAILURES_MAX);
        early.settle(true, now);
        assert!(breaker.permit(now).is_none());
        let probe = breaker.permit(now + SPARED_FOR).expect("a probe");
        late.settle(true, now);
        assert!(breaker.permit(now + SPARED_FOR).is_none(), "only the probe closes it");
        last.settle(false, now);
        probe.settle(true, now + SPARED_FOR);
        assert!(breaker.permit(now).is_some());
    }
}
