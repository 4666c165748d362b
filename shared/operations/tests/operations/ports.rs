//! What a port promises in words that are stored.

use alims_operations::ports::EndedHow;

#[test]
fn the_ends_of_executions_are_named_as_in_the_records() {
    let ends = [EndedHow::Succeeded, EndedHow::Failed, EndedHow::TimedOut, EndedHow::Aborted];
    assert_eq!(
        ends.map(EndedHow::as_str),
        ["ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted"]
    );
}
