//! What holds whatever the function does.

use alims_domain::limits::{AUTOMATIC_DELAY_SECONDS_MAX, RECOVERY_DEADLINE_SECONDS};
use alims_recovery::Ended;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use std::time::Duration;

use crate::stage::{Call, Script, begun};

const TURNS: [&str; 8] = ["assess", "ask-rules", "apply", "publish", "confirm", "record", "end", "nonsense"];
const ERRORS: [&str; 6] =
    ["StorageUnavailable", "RulesUnavailable", "BusUnavailable", "Lambda.Unknown", "Sandbox.Timedout", "Bug"];
/// Tries of one turn beyond the first: those of both retries.
const TRIES_AGAIN_MAX: usize = 25 + 6;
/// When the function's own deadline is, counted from its first answer.
const DEADLINE: Duration = Duration::from_secs(RECOVERY_DEADLINE_SECONDS as u64);
/// How long a turn takes at most in the property of the promised time.
const TURN_MS_MAX: u64 = 1500;

fn calls(turn_ms_max: u64) -> impl Strategy<Value = Vec<Call>> {
    let takes = move || (0..=turn_ms_max).prop_map(Duration::from_millis);
    let next = (select(&TURNS), takes()).prop_map(|(turn, takes)| Call::Next(turn, takes));
    let error = (select(&ERRORS), takes()).prop_map(|(error, takes)| Call::Error(error, takes));
    vec(prop_oneof![2 => next, 3 => error], 0..120)
}

/// A function that is hardly ever reached, and that keeps its deadline when it is.
fn slow_calls() -> impl Strategy<Value = Vec<Call>> {
    let takes = || (11_000..12_000_u64).prop_map(Duration::from_millis);
    let next = (select(&TURNS[..5]), takes()).prop_map(|(turn, takes)| Call::Next(turn, takes));
    let error = (select(&ERRORS[..5]), takes()).prop_map(|(error, takes)| Call::Error(error, takes));
    vec(prop_oneof![1 => next, 60 => error], 0..200)
}

proptest! {
    #[test]
    fn every_path_ends_in_record_or_in_a_failure(
        calls in calls(20_000),
        fraction in 0.0..=1.0,
    ) {
        let script = Script::new(calls);
        let ended = script.run(begun(), fraction);
        // A success is a recorded outcome; everything else is seen from outside.
        if matches!(ended, Ended::Succeeded(_)) {
            let turns = script.turns();
            prop_assert_eq!(turns.last().map(String::as_str), Some("record"));
        }
    }

    #[test]
    fn a_turn_that_only_fails_is_tried_no_more_than_its_retries_say_and_waits_no_longer(
        errors in vec(select(&ERRORS[..5]), 200),
        fraction in 0.0..=1.0,
    ) {
        let script = Script::new(errors.into_iter().map(|error| Call::Error(error, Duration::ZERO)));
        script.run(begun(), fraction);
        let seen = script.seen();
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
        let script = Script::new(calls.into_iter().filter(is_allowed)).with_deadline(DEADLINE);
        script.run(begun(), fraction);
        let seen = script.seen();
        let recorded = seen.iter().find(|(document, _)| document["next"] == "record");
        let (_, at) = recorded.unwrap();
        // The promise counts from the first turn that succeeds; when none did, all that was taken are its tries.
        let from = script.answered_at().filter(|answered_at| answered_at < at);
        let taken = *at - from.unwrap_or(*at);
        prop_assert!(taken <= Duration::from_secs(30), "{taken:?}");
    }

    #[test]
    fn a_function_that_keeps_its_deadline_is_never_cut_off_however_late_it_began(
        calls in slow_calls(),
        fraction in 0.9..=1.0,
    ) {
        let script = Script::new(calls).with_deadline(DEADLINE);
        let mut document = begun();
        document["delay_seconds"] = json!(AUTOMATIC_DELAY_SECONDS_MAX);
        let ended = script.run(document, fraction);
        prop_assert_ne!(&ended, &Ended::TimedOut);
    }
}

/// Whether the function may do so by its contract before it comes to `record`.
fn is_allowed(call: &Call) -> bool {
    !matches!(call, Call::Next("end" | "nonsense" | "record", _) | Call::Error("Bug", _))
}
