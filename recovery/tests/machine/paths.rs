//! The paths through the machine, one at a time.

use alims_recovery::Ended;
use serde_json::json;
use std::time::Duration;

use crate::stage::{Call, Script, begun};

const NOW: Duration = Duration::ZERO;

#[test]
fn each_answer_is_the_next_document_and_the_last_is_the_executions_output() {
    let turns = ["ask-rules", "apply", "publish", "confirm", "record", "end"];
    let script = Script::new(turns.map(|turn| Call::Next(turn, NOW)));
    let ended = script.run(begun(), 1.0);
    assert_eq!(script.turns(), ["assess", "ask-rules", "apply", "publish", "confirm", "record"]);
    let mut last = begun();
    last["next"] = json!("end");
    assert_eq!(ended, Ended::Succeeded(last));
}

#[test]
fn a_recovery_that_is_to_wait_waits_before_its_first_turn() {
    let mut document = begun();
    document["delay_seconds"] = json!(120);
    let script = Script::new([]);
    assert!(matches!(script.run(document, 1.0), Ended::Succeeded(_)));
    assert_eq!(script.seen()[0].1.as_secs(), 120);
}

#[test]
fn what_can_pass_is_tried_again_with_the_same_document() {
    for error in ["StorageUnavailable", "RulesUnavailable", "BusUnavailable", "Lambda.ServiceException"] {
        let script = Script::new([Call::Error(error, NOW), Call::Error(error, NOW)]);
        assert!(matches!(script.run(begun(), 1.0), Ended::Succeeded(_)), "{error}");
        let seen = script.seen();
        assert_eq!(script.turns(), ["assess", "assess", "assess", "record"], "{error}");
        assert!(seen[..3].iter().all(|(document, _)| *document == begun()), "{error}");
        let at: Vec<u64> = seen.iter().map(|(_, at)| at.as_secs()).collect();
        assert_eq!(at, [0, 1, 3, 3], "{error}: the waits grow");
    }
}

#[test]
fn waits_may_be_drawn_as_nothing() {
    let script = Script::new([Call::Error("StorageUnavailable", NOW), Call::Error("StorageUnavailable", NOW)]);
    assert!(matches!(script.run(begun(), 0.0), Ended::Succeeded(_)));
    assert_eq!(script.seen().last().unwrap().1, Duration::ZERO);
}

#[test]
fn what_cannot_pass_is_caught_into_a_recorded_outcome_with_its_cause() {
    let script = Script::new([Call::Next("apply", NOW), Call::Error("Bug", NOW)]);
    assert!(matches!(script.run(begun(), 1.0), Ended::Succeeded(_)));
    assert_eq!(script.turns(), ["assess", "apply", "record"]);
    let (recorded, _) = &script.seen()[2];
    assert_eq!(recorded["outcome"], json!({"status": "gave-up", "error": "Bug", "cause": "on purpose"}));
    assert_eq!(recorded["recovery_id"], "0f-v3-a1", "nothing of the document is lost");
}

#[test]
fn a_turn_that_does_not_answer_is_tried_again_and_at_last_caught() {
    let endless = Duration::from_secs(3600);
    let script = Script::new(vec![Call::Next("record", endless); 7]);
    assert!(matches!(script.run(begun(), 1.0), Ended::Succeeded(_)));
    assert_eq!(script.turns().len(), 8);
    assert_eq!(script.seen()[7].0["outcome"]["error"], "States.Timeout");
}

#[test]
fn an_outcome_that_cannot_be_recorded_fails_the_execution() {
    let script = Script::new([Call::Next("record", NOW), Call::Error("Bug", NOW)]);
    let failed = Ended::Failed { error: "Bug".to_owned(), cause: "on purpose".to_owned() };
    assert_eq!(script.run(begun(), 1.0), failed);
}

#[test]
fn an_unknown_turn_fails_the_execution() {
    for unknown in ["end", "repair", ""] {
        let script = Script::new([Call::Next(unknown, NOW)]);
        let ended = script.run(begun(), 1.0);
        assert!(matches!(&ended, Ended::Failed { error, .. } if error == "UnknownTurn"), "{unknown}: {ended:?}");
    }
}

#[test]
fn turns_that_go_round_for_ever_are_ended() {
    let quick = Script::new(vec![Call::Next("assess", NOW); 10_000]);
    let ended = quick.run(begun(), 1.0);
    assert!(matches!(&ended, Ended::Failed { error, .. } if error == "States.Runtime"), "{ended:?}");
    let slow = Script::new(vec![Call::Next("assess", Duration::from_secs(5)); 10_000]);
    assert_eq!(slow.run(begun(), 1.0), Ended::TimedOut);
}

#[test]
fn a_document_that_does_not_say_how_long_to_wait_fails_the_execution() {
    for wrong in [json!("soon"), json!(-1), json!(1.5), json!(null)] {
        let mut document = begun();
        document["delay_seconds"] = wrong.clone();
        let ended = Script::new([]).run(document, 1.0);
        assert!(matches!(&ended, Ended::Failed { error, .. } if error == "States.QueryEvaluationError"), "{wrong}");
    }
    assert!(matches!(Script::new([]).run(json!({}), 1.0), Ended::Failed { .. }));
    assert!(matches!(Script::new([]).run(json!([1]), 1.0), Ended::Failed { .. }));
}
