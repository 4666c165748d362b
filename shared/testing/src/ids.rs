//! Ids that a test can predict.

use alims_operations::ports::Ids;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::{Builder, Uuid};

/// Valid `UUIDv7`s that count up, the same in every run. Clones share the count.
#[derive(Clone, Debug)]
pub struct SequentialIds {
    next: Arc<AtomicU64>,
    step: u64,
}

/// Each id is a millisecond later than the one before.
impl Default for SequentialIds {
    fn default() -> Self {
        Self::apart(1)
    }
}

impl SequentialIds {
    /// Ids whose times are this many milliseconds apart.
    #[must_use]
    pub fn apart(millis: u64) -> Self {
        Self { next: Arc::default(), step: millis }
    }

    /// The id with this number; a greater number gives a greater id.
    #[must_use]
    pub fn numbered(number: u64) -> Uuid {
        let mut tail = [0; 10];
        tail[2..].copy_from_slice(&number.to_be_bytes());
        // The tail would sort correctly but for the bits that the format replaces, so the time increases too.
        Builder::from_unix_timestamp_millis(1_795_421_700_000 + number, &tail).into_uuid()
    }
}

impl Ids for SequentialIds {
    fn fresh(&self) -> Uuid {
        Self::numbered(self.next.fetch_add(self.step, Ordering::SeqCst))
    }
}
