//! Clocks that a test controls.

use alims_domain::timestamp::Timestamp;
use alims_operations::ports::Clock;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::builders::at;

/// A clock that stands still until a test sets it. Clones show the same time.
#[derive(Clone, Debug)]
pub struct FixedClock(Arc<AtomicI64>);

impl FixedClock {
    /// A clock at this instant.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(now.unix_millis())))
    }

    /// Sets it, forwards or backwards.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.unix_millis(), Ordering::SeqCst);
    }
}

/// A clock at [`at`]`(0)`.
impl Default for FixedClock {
    fn default() -> Self {
        Self::new(at(0))
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_millis(self.0.load(Ordering::SeqCst)).expect("set from a timestamp")
    }
}

/// A clock that advances by the same step with each call. Clones share their time.
#[derive(Clone, Debug)]
pub struct SteppingClock {
    next: Arc<AtomicI64>,
    step_millis: i64,
}

impl SteppingClock {
    /// A clock that shows `first`, then a time `step_millis` milliseconds later (or earlier) with each question.
    #[must_use]
    pub fn new(first: Timestamp, step_millis: i64) -> Self {
        Self { next: Arc::new(AtomicI64::new(first.unix_millis())), step_millis }
    }
}

/// Begins at [`at`]`(0)` and advances by a millisecond.
impl Default for SteppingClock {
    fn default() -> Self {
        Self::new(at(0), 1)
    }
}

impl Clock for SteppingClock {
    fn now(&self) -> Timestamp {
        let millis = self.next.fetch_add(self.step_millis, Ordering::SeqCst);
        Timestamp::from_unix_millis(millis).expect("the clock stepped out of the years 0000 to 9999")
    }
}
