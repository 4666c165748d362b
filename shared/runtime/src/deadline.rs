//! The deadline of an invocation: Lambda ends the process at it, without an answer and without a log line.

use alims_domain::limits::REQUEST_RESERVE_MS;
use alims_operations::TimeLeft;
use alims_operations::ports::Clock;
use std::future::Future;
use std::time::Duration;
use tokio::time::timeout;

use crate::world::SystemClock;

/// The work of a background function took so long that Lambda would have ended it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the function ran out of time; what it has begun may still take effect, and a retry continues")]
pub(crate) struct OutOfTime;

/// What a request has left until its invocation's deadline, in milliseconds since 1970-01-01T00:00:00Z.
pub(crate) fn time_left(deadline_ms: u64) -> TimeLeft {
    TimeLeft::until(deadline_ms, SystemClock.now().unix_millis())
}

/// Does work that no caller waits for until shortly before the deadline. An instant of zero is not known: then nothing
/// ends the work but Lambda.
pub(crate) async fn within<T>(deadline_ms: u64, work: impl Future<Output = T>) -> Result<T, OutOfTime> {
    let now_ms = u64::try_from(SystemClock.now().unix_millis()).unwrap_or_default();
    let left = deadline_ms.saturating_sub(now_ms).saturating_sub(u64::from(REQUEST_RESERVE_MS));
    match deadline_ms {
        0 => Ok(work.await),
        _ => timeout(Duration::from_millis(left), work).await.map_err(|_| OutOfTime),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn work_that_hangs_ends_before_lambda_ends_the_process() {
        let now_ms = u64::try_from(SystemClock.now().unix_millis()).unwrap();
        let hanging = std::future::pending::<()>();
        let outcome = timeout(Duration::from_secs(60), within(now_ms + 60_000, hanging)).await;
        assert_eq!(outcome.expect("before the deadline"), Err(OutOfTime));
        assert_eq!(within(now_ms + 60_000, async { 7 }).await, Ok(7));
        assert_eq!(within(0, async { 7 }).await, Ok(7), "a deadline that is not known");
        assert_eq!(within(now_ms, std::future::pending::<()>()).await, Err(OutOfTime), "one that is over");
    }

    #[test]
    fn a_request_has_what_is_left_until_the_deadline() {
        let now_ms = u64::try_from(SystemClock.now().unix_millis()).unwrap();
        assert!(time_left(now_ms + 10_000).0 <= Duration::from_millis(8_500));
        assert_eq!(time_left(0), TimeLeft::MAX);
        assert_eq!(time_left(now_ms - 1).0, Duration::ZERO);
    }
}
