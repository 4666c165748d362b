//! The file that is deployed, and what the machine's numbers must satisfy.

use alims_domain::recovery::document::Next;
use alims_recovery::RECOVER_WORKFLOW;

#[test]
fn the_committed_definition_is_current() {
    let committed = include_str!("../../recover-workflow.asl.json");
    let current = RECOVER_WORKFLOW.definition().unwrap();
    assert!(committed == current, "run `cargo xtask machine`; the definition should be:\n{current}");
}

#[test]
fn the_machine_takes_every_turn_of_the_domain() {
    let turns =
        [Next::Assess, Next::AskRules, Next::Apply, Next::Publish, Next::Confirm, Next::Record, Next::End].into_iter();
    let taken: Vec<Next> = turns
        .filter(|turn| match turn {
            Next::Assess | Next::AskRules | Next::Apply | Next::Publish | Next::Confirm | Next::Record => true,
            // A new turn does not compile before it is listed here and above.
            Next::End => false,
        })
        .collect();
    assert_eq!([RECOVER_WORKFLOW.turns, &[RECOVER_WORKFLOW.last]].concat(), taken);
}

#[test]
fn every_retry_has_what_aws_asks_for() {
    for retry in RECOVER_WORKFLOW.retries {
        assert!(!retry.error_equals.is_empty(), "{retry:?}");
        assert!(retry.interval_seconds >= 1 && retry.backoff_rate >= 1, "{retry:?}");
        assert!(retry.max_delay_seconds > retry.interval_seconds, "{retry:?}");
        // AWS has reserved names that stand for several errors. The loop knows none of them.
        let reserved = |name: &&&str| name.starts_with("States.") && **name != "States.Timeout";
        assert_eq!(retry.error_equals.iter().find(reserved), None);
    }
}
