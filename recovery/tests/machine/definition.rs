//! The definition is read strictly: what the interpreter does not know is refused with its place.

use alims_recovery::Machine;
use serde_json::{Value, json};

/// The deployed definition, changed.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Machine, String> {
    let mut definition: Value = serde_json::from_str(include_str!("../../recover-workflow.asl.json")).unwrap();
    change(&mut definition);
    Machine::parse(&definition.to_string()).map_err(|error| error.to_string())
}

#[test]
fn the_deployed_definition_is_known_to_the_last_member() {
    let machine = Machine::recover_workflow().unwrap();
    let tasks = ["ApplyRecovery", "AskRules", "AssessWorkflow", "ConfirmRecovery", "PublishMissing", "RecordOutcome"];
    let others = ["ChooseTurn", "UnknownTurn", "WaitForTurn"];
    let mut all = [&tasks[..], &others].concat();
    all.sort_unstable();
    assert_eq!(machine.states().collect::<Vec<_>>(), all);
    assert!(changed(|_| {}).is_ok());
}

#[test]
fn whatever_is_added_anywhere_is_refused_with_its_place() {
    let places = [
        ("", "the file"),
        ("/States/AssessWorkflow", "States.AssessWorkflow"),
        ("/States/AssessWorkflow/Arguments", "States.AssessWorkflow"),
        ("/States/AssessWorkflow/Retry/0", "States.AssessWorkflow"),
        ("/States/AssessWorkflow/Catch/0", "States.AssessWorkflow"),
        ("/States/WaitForTurn", "States.WaitForTurn"),
        ("/States/ChooseTurn", "States.ChooseTurn"),
        ("/States/ChooseTurn/Choices/0", "States.ChooseTurn"),
        ("/States/UnknownTurn", "States.UnknownTurn"),
    ];
    for (pointer, place) in places {
        let refused = changed(|definition| definition.pointer_mut(pointer).unwrap()["Assign"] = json!({})).unwrap_err();
        assert!(refused.contains(place) && refused.contains("Assign"), "{pointer}: {refused}");
    }
}

#[test]
fn whatever_is_missing_or_wrong_is_refused_with_its_place() {
    let wrong = [
        ("/QueryLanguage", json!("JSONPath"), "QueryLanguage"),
        ("/StartAt", json!("Nowhere"), "StartAt"),
        ("/TimeoutSeconds", json!(0), "TimeoutSeconds"),
        ("/TimeoutSeconds", json!("1"), "the file"),
        ("/States/AssessWorkflow/Type", json!("Parallel"), "States.AssessWorkflow.Type"),
        ("/States/AssessWorkflow/Type", json!(null), "States.AssessWorkflow.Type"),
        ("/States/AssessWorkflow", json!("Task"), "States.AssessWorkflow.Type"),
        ("/States/AssessWorkflow/Resource", json!("arn:aws:states:::sns:publish"), "States.AssessWorkflow.Resource"),
        ("/States/AssessWorkflow/Arguments/FunctionName", json!("f"), "States.AssessWorkflow.Arguments.FunctionName"),
        ("/States/AssessWorkflow/Output", json!("{% $uuid() %}"), "$uuid()"),
        ("/States/AssessWorkflow/TimeoutSeconds", json!(0), "States.AssessWorkflow.TimeoutSeconds"),
        ("/States/AssessWorkflow/Next", json!("Nowhere"), "there is no state Nowhere"),
        ("/States/AssessWorkflow/End", json!(true), "States.AssessWorkflow"),
        ("/States/RecordOutcome/End", json!(false), "States.RecordOutcome"),
        ("/States/AssessWorkflow/Retry/0/ErrorEquals", json!([]), "Retry[0].ErrorEquals"),
        ("/States/AssessWorkflow/Retry/1/ErrorEquals", json!(["States.ALL"]), "Retry[1].ErrorEquals"),
        ("/States/AssessWorkflow/Retry/0/IntervalSeconds", json!(0), "Retry[0].IntervalSeconds"),
        ("/States/AssessWorkflow/Retry/0/BackoffRate", json!(0.5), "Retry[0].BackoffRate"),
        ("/States/AssessWorkflow/Retry/0/MaxDelaySeconds", json!(1), "Retry[0].MaxDelaySeconds"),
        ("/States/AssessWorkflow/Retry/0/MaxAttempts", json!(-1), "States.AssessWorkflow"),
        ("/States/AssessWorkflow/Retry/0/JitterStrategy", json!("NONE"), "NONE"),
        ("/States/AssessWorkflow/Catch/0/ErrorEquals", json!(["Bug"]), "Catch[0].ErrorEquals"),
        ("/States/AssessWorkflow/Catch/0/Next", json!("Nowhere"), "there is no state Nowhere"),
        ("/States/ChooseTurn/Choices", json!([]), "States.ChooseTurn.Choices"),
        ("/States/ChooseTurn/Choices/0/Next", json!("UnknownTurn"), "States.AssessWorkflow: nothing leads there"),
        ("/States/ChooseTurn/Default", json!("Nowhere"), "there is no state Nowhere"),
        ("/States/WaitForTurn/Seconds", json!(5), "States.WaitForTurn"),
    ];
    for (pointer, value, place) in wrong {
        let refused = changed(|definition| {
            let (parent, member) = pointer.rsplit_once('/').unwrap();
            definition.pointer_mut(parent).unwrap()[member] = value.clone();
        });
        let refused = refused.unwrap_err();
        assert!(refused.contains(place), "{pointer} = {value}: {refused}");
    }
    for member in ["Resource", "Arguments", "Output", "TimeoutSeconds", "Retry", "Next"] {
        let refused = changed(|definition| {
            definition["States"]["AssessWorkflow"].as_object_mut().unwrap().remove(member);
        });
        assert!(refused.unwrap_err().contains("States.AssessWorkflow"), "{member}");
    }
    assert!(Machine::parse("").unwrap_err().to_string().contains("the file"));
    assert!(Machine::parse("[]").unwrap_err().to_string().contains("the file"));
}
