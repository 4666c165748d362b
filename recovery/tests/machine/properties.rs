//! What holds whatever the function does.

use alims_recovery::Ended;
use proptest::collection::vec;
use proptest::prelude::*;
use std::time::Duration;
use tokio::runtime::Builder;

use crate::stage::{Call, Script, begun};

const TURNS: [&str; 8] = ["assess", "ask-rules", "apply", "publish", "confirm", "record", "end", "nonsense"];
const ERRORS: [&str; 6] =
    ["StorageUnavailable", "RulesUnavailable", "BusUnavailable", "Lambda.Unknown", "Sandbox.Timedout", "Bug"];
/// Tries of one task beyond the first: those of both retriers.
const TRIES_AGAIN_MAX: usize = 25 + 6;
/// When the function's own deadline is, counted from its first turn.
const DEADLINE: Duration = Duration::from_secs(25);
/// How long a turn takes at most in the property of the deadline.
const TURN_MS_MAX: u64 = 1500;

fn calls(turn_ms_max: u64) -> impl Strategy<Value = Vec<Call>> {
    let takes = move || (0..=turn_ms_max).prop_map(Duration::from_millis);
    let next = (proptest::sample::select(&TURNS), takes()).prop_map(|(turn, takes)| Call::Next(turn, takes));
    let error = (proptest::sample::select(&ERRORS), takes()).prop_map(|(error, takes)| Call::Error(error, takes));
    vec(prop_oneof![2 => next, 3 => error], 0..120)
}

/// Runs with time that is played.
fn played<T>(run: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(run)
}

proptest! {
    #[test]
    fn every_path_ends_in_record_or_in_a_failure(
        calls in calls(20_000),
        fraction in 0.0..=1.0,
    ) {
        let (ended, turns) = played(async {
            let script = Script::new(calls);
            (script.run(begun(), fraction).await, script.turns())
        });
        // A success is a recorded outcome; everything else is seen from outside.
        if matches!(ended, Ended::Succeeded(_)) {
            prop_assert_eq!(turns.last().map(String::as_str), Some("record"));
        }
    }

    #[test]
    fn a_task_that_only_fails_is_tried_no_more_than_its_retriers_say_and_waits_no_longer(
        errors in vec(proptest::sample::select(&ERRORS[..5]), 200),
        fraction in 0.0..=1.0,
    ) {
        let seen = played(async {
            let script = Script::new(errors.into_iter().map(|error| Call::Error(error, Duration::ZERO)));
            script.run(begun(), fraction).await;
            script.seen()
        });
        let assessing: Vec<Duration> =
            seen.iter().filter(|(document, _)| document["next"] == "assess").map(|(_, at)| *at).collect();
        prop_assert!(assessing.len() <= TRIES_AGAIN_MAX + 1, "{} tries", assessing.len());
        let waited = *assessing.last().unwrap();
        prop_assert!(waited <= Duration::from_secs(2) * 31, "{waited:?}");
        prop_assert!(assessing.windows(2).all(|pair| pair[1] - pair[0] <= Duration::from_secs(2)));
    }

    #[test]
    fn a_function_that_keeps_its_deadline_comes_to_record_within_thirty_seconds(
        calls in calls(TURN_MS_MAX),
        fraction in 0.0..=1.0,
    ) {
        let seen = played(async {
            let script = Script::new(calls.into_iter().filter(is_allowed)).with_deadline(DEADLINE);
            script.run(begun(), fraction).await;
            script.seen()
        });
        let recorded = seen.iter().find(|(document, _)| document["next"] == "record");
        let (_, at) = recorded.unwrap();
        prop_assert!(*at <= Duration::from_secs(30), "{at:?}");
    }
}

/// Whether the function may do so by its contract before it comes to Record.
fn is_allowed(call: &Call) -> bool {
    !matches!(call, Call::Next("end" | "nonsense" | "record", _) | Call::Error("Bug", _))
}
