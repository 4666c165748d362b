//! The one definition of the state machine: its turns, its retries and its time limits.
//!
//! [`definition`](crate::Machine::definition) writes it for AWS Step Functions and [`run`](crate::Machine::run) runs it
//! on a laptop. Both take every name and number from here.

use std::time::Duration;

use alims_domain::limits::{AUTOMATIC_DELAY_SECONDS_MAX, RECOVERY_CAUSE_CHARS_MAX, RECOVERY_DEADLINE_SECONDS};
use alims_domain::recovery::document::Next;
use alims_domain::recovery::outcome::OutcomeStatus;
use serde::Serialize;

/// The machine of the recovery.
pub const RECOVER_WORKFLOW: Machine = Machine {
    turns: &[Next::Assess, Next::AskRules, Next::Apply, Next::Publish, Next::Confirm],
    last: Next::Record,
    given_up: OutcomeStatus::GaveUp,
    cause_chars_max: RECOVERY_CAUSE_CHARS_MAX,
    try_seconds_max: TRY_SECONDS_MAX,
    retries: RETRIES,
    seconds_max: AUTOMATIC_DELAY_SECONDS_MAX + TURNS_SECONDS_MAX,
};

/// How long one try of a turn may take. Lambda ends the function earlier; `template.yaml` says when.
const TRY_SECONDS_MAX: u32 = 12;

/// The retried errors, their number of tries and their waits. The waits are short, so that the deadline of
/// `recovery-step` ends a recovery and not the number of tries.
const RETRIES: &[Retry] = &[
    // What `recovery-step` calls unavailable.
    Retry {
        error_equals: &["StorageUnavailable", "RulesUnavailable", "BusUnavailable"],
        interval_seconds: 1,
        backoff_rate: 2,
        max_delay_seconds: 2,
        max_attempts: 25,
        jitter_strategy: Jitter::Full,
    },
    // Errors of the call itself, independent of the function's code.
    Retry {
        error_equals: &[
            "Lambda.AWSLambdaException",
            "Lambda.ClientExecutionTimeoutException",
            "Lambda.SdkClientException",
            "Lambda.ServiceException",
            "Lambda.TooManyRequestsException",
            "Lambda.Unknown",
            "Runtime.ExitError",
            "Sandbox.Timedout",
            TIMEOUT,
        ],
        interval_seconds: 1,
        backoff_rate: 2,
        max_delay_seconds: 2,
        max_attempts: 6,
        jitter_strategy: Jitter::Full,
    },
];

/// How long one turn may take with all its tries.
const TURN_SECONDS_MAX: u32 = turn_seconds_max(TRY_SECONDS_MAX, RETRIES);

/// How long all turns may take, after the wait before them. The first turn that succeeds sets the deadline. Until then at
/// most one turn has passed. A turn that begins just before the deadline may need all its tries, and so may `record`.
const TURNS_SECONDS_MAX: u32 = TURN_SECONDS_MAX + RECOVERY_DEADLINE_SECONDS + TURN_SECONDS_MAX + TURN_SECONDS_MAX;

/// The error of a try that takes too long.
pub(crate) const TIMEOUT: &str = "States.Timeout";

/// A state machine that waits, takes turns, and records an error that a turn cannot recover from.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// The turns that another one follows.
    pub turns: &'static [Next],
    /// The turn that ends an execution. The unrecoverable errors of the other turns lead here.
    pub last: Next,
    /// The status of an outcome that a turn could not get over.
    pub given_up: OutcomeStatus,
    /// The length of the kept cause of such an outcome, in characters.
    pub cause_chars_max: usize,
    /// How long one try of a turn may take, in seconds.
    pub try_seconds_max: u32,
    /// The retried errors. The first entry that names an error applies, and each entry counts its own tries.
    pub retries: &'static [Retry],
    /// How long an execution may take, in seconds, the wait before its first turn included.
    pub seconds_max: u32,
}

/// When a turn is tried again. The members are those of a `Retry` of the Amazon States Language.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Retry {
    /// The names of the errors.
    pub error_equals: &'static [&'static str],
    /// The longest first wait, in seconds, from 1.
    pub interval_seconds: u32,
    /// How many times longer each next wait may be, from 1.
    pub backoff_rate: u32,
    /// The longest wait of all, in seconds, more than the first.
    pub max_delay_seconds: u32,
    /// How many tries may follow the first one.
    pub max_attempts: u32,
    /// How a wait is drawn.
    pub jitter_strategy: Jitter,
}

/// How a wait between two tries is drawn.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Jitter {
    /// At random, from nothing to the longest wait.
    Full,
}

impl Retry {
    /// How long to wait after so many tries again. `fraction` is drawn at random, from 0 to 1.
    pub(crate) fn wait(&self, taken: u32, fraction: f64) -> Duration {
        let longest = Duration::from_secs(u64::from(self.wait_seconds_max(taken)));
        match self.jitter_strategy {
            Jitter::Full => longest.mul_f64(fraction.clamp(0.0, 1.0)),
        }
    }

    const fn wait_seconds_max(&self, taken: u32) -> u32 {
        let grown = self.interval_seconds.saturating_mul(self.backoff_rate.saturating_pow(taken));
        if grown < self.max_delay_seconds { grown } else { self.max_delay_seconds }
    }
}

/// The first try, and as many again as all retries allow, each after its longest wait.
const fn turn_seconds_max(try_seconds_max: u32, mut retries: &[Retry]) -> u32 {
    let mut seconds = try_seconds_max;
    while let [retry, others @ ..] = retries {
        let mut taken = 0;
        while taken < retry.max_attempts {
            seconds += retry.wait_seconds_max(taken) + try_seconds_max;
            taken += 1;
        }
        retries = others;
    }
    seconds
}

#[cfg(test)]
mod tests {
    use super::*;

    const RETRY: Retry = Retry {
        error_equals: &["A"],
        interval_seconds: 1,
        backoff_rate: 2,
        max_delay_seconds: 5,
        max_attempts: u32::MAX,
        jitter_strategy: Jitter::Full,
    };

    #[test]
    fn waits_grow_to_their_bound_and_are_drawn_below_it() {
        let waits = [0, 1, 2, 3, u32::MAX].map(|taken| RETRY.wait(taken, 1.0).as_secs());
        assert_eq!(waits, [1, 2, 4, 5, 5]);
        assert_eq!([0.0, 0.5, 7.0].map(|fraction| RETRY.wait(3, fraction).as_millis()), [0, 2500, 5000]);
    }

    #[test]
    fn a_turn_takes_its_tries_and_the_longest_waits_between_them() {
        let retries = [Retry { max_attempts: 3, ..RETRY }, Retry { max_attempts: 1, ..RETRY }];
        assert_eq!(turn_seconds_max(10, &retries), 5 * 10 + (1 + 2 + 4) + 1);
        assert_eq!(TURN_SECONDS_MAX, 32 * 12 + (1 + 24 * 2) + (1 + 5 * 2));
    }
}
