//! The system clock and fresh ids, for the ports that need them.

use alims_domain::timestamp::Timestamp;
use alims_operations::ports::{Clock, Ids};
use chrono::Utc;
use uuid::Uuid;

/// The clock of the machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the port through which time comes in")]
        let millis = Utc::now().timestamp_millis();
        #[expect(clippy::expect_used, reason = "with a clock beyond the year 9999 nothing can be kept in order")]
        Timestamp::from_unix_millis(millis).expect("a clock that shows a year of four digits")
    }
}

/// Unique ids: version 7, sorted by time.
#[derive(Clone, Copy, Debug, Default)]
pub struct FreshIds;

impl Ids for FreshIds {
    fn fresh(&self) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "this is the port through which ids come in")]
        let id = Uuid::now_v7();
        id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_shows_this_century_and_ids_differ_and_follow_one_another() {
        let now = SystemClock.now().to_string();
        assert!(now.starts_with("20"), "{now}");
        let (first, second) = (FreshIds.fresh(), FreshIds.fresh());
        assert_eq!(first.get_version_num(), 7);
        assert!(first < second);
    }
}
