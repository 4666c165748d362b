//! What a laptop runs is what is deployed: the loop and a walk through the definition agree.

use alims_recovery::{Ended, Jitter, Machine, RECOVER_WORKFLOW, Retry};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use std::time::Duration;

use crate::reference::walk;
use crate::stage::{Call, Script, begun};

const TURNS: [&str; 8] = ["assess", "ask-rules", "apply", "publish", "confirm", "record", "end", "nonsense"];
const ERRORS: [&str; 6] =
    ["StorageUnavailable", "RulesUnavailable", "Lambda.Unknown", "Sandbox.Timedout", "States.Timeout", "Bug"];

/// A call that takes a whole number of quarters of a second and a millisecond. All waits are quarters, so that nothing ends
/// at the very instant at which the machine's time is over: which of the two comes first would be chance.
fn call() -> impl Strategy<Value = Call> {
    let takes = || (0..60_u64).prop_map(|quarters| Duration::from_millis(quarters * 250 + 1));
    let next = (select(&TURNS[..5]), takes()).prop_map(|(turn, takes)| Call::Next(turn, takes));
    let ends = (select(&TURNS), takes()).prop_map(|(turn, takes)| Call::Next(turn, takes));
    let error = (select(&ERRORS), takes()).prop_map(|(error, takes)| Call::Error(error, takes));
    prop_oneof![8 => next, 1 => ends, 12 => error]
}

fn document() -> impl Strategy<Value = Value> {
    let wrong = [json!("soon"), json!(-1), json!(1.5), json!(null), json!([5])];
    let delay = prop_oneof![9 => (0..1000_u32).prop_map(|delay| json!(delay)), 1 => select(wrong.to_vec())];
    let next = prop_oneof![9 => select(&TURNS[..6]), 1 => select(&TURNS)];
    (delay, next, any::<bool>()).prop_map(|(delay, next, whole)| {
        let mut document = begun();
        document["next"] = json!(next);
        document["delay_seconds"] = delay;
        if !whole {
            document.as_object_mut().unwrap().remove("steps");
        }
        document
    })
}

/// The deployed machine, or one with other retries and other times.
fn machine() -> impl Strategy<Value = Machine> {
    let retry = (vec(select(&ERRORS), 1..4), 1..4_u32, 1..4_u32, 1..8_u32, 0..7_u32).prop_map(
        |(errors, interval_seconds, backoff_rate, more, max_attempts)| Retry {
            error_equals: errors.leak(),
            interval_seconds,
            backoff_rate,
            max_delay_seconds: interval_seconds + more,
            max_attempts,
            jitter_strategy: Jitter::Full,
        },
    );
    let other = (vec(retry, 0..4), 1..20_u32, 1..2000_u32, 0..12_usize).prop_map(
        |(retries, try_seconds_max, seconds_max, cause_chars_max)| Machine {
            retries: retries.leak(),
            try_seconds_max,
            seconds_max,
            cause_chars_max,
            ..RECOVER_WORKFLOW
        },
    );
    prop_oneof![Just(RECOVER_WORKFLOW), other]
}

/// An evaluation that failed has other words on AWS; the error's name is the same.
fn compared(ended: Ended) -> Ended {
    match ended {
        Ended::Failed { error, .. } if error == "States.QueryEvaluationError" => {
            Ended::Failed { error, cause: String::new() }
        }
        Ended::Failed { .. } | Ended::Succeeded(_) | Ended::TimedOut => ended,
    }
}

proptest! {
    #[test]
    fn the_loop_and_a_walk_through_the_definition_agree(
        machine in machine(),
        document in document(),
        calls in vec(call(), 0..120),
        fraction in select(&[0.0, 0.25, 0.5, 1.0]),
    ) {
        let (looped, walked) = (Script::new(calls.clone()), Script::new(calls));
        let by_loop = looped.run_on(&machine, document.clone(), fraction);
        let by_walk = walk(&machine.definition().unwrap(), document, &walked, fraction);
        // Each try of each turn, with its document, at the same time, and the same end.
        prop_assert_eq!(looped.seen(), walked.seen());
        prop_assert_eq!(compared(by_loop), compared(by_walk));
    }
}
