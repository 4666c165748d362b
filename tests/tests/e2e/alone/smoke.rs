//! The smoke test, as an operator runs it after a deployment: on the sound service, and on one with broken parts.

use serde_json::{Value, json};
use std::process::{Command, Output};

use super::publisher;
use crate::people::Person;
use crate::world::{WORLD, cli};

fn smoke(patience: &str) -> (Output, Value) {
    let mut command = Command::new(alims_testing::built_binary("alims-admin").unwrap());
    let url = WORLD.text("endpoint");
    let place = ["--stack", "alims", "--region", WORLD.text("region"), "--endpoint-url", url];
    let api = ["--api-url", url, "--api-host", WORLD.text("api_host")];
    command.arg("smoke").args(place).args(api).args(["--json", "--patience", patience]);
    let person = Person::with_roles("smoke", &["supervisor", "auditor"]);
    let stranger = Person::with_claims(&json!({"sub": "smoke", "roles": ["supervisor", "auditor"], "scope": null}));
    command.env("ALIMS_TOKEN", person.token()).env("ALIMS_TOKEN_WITHOUT_SCOPES", stranger.token());
    let output = command.output().unwrap();
    let document = serde_json::from_slice(&output.stdout);
    let document = document.unwrap_or_else(|_| panic!("{}", String::from_utf8_lossy(&output.stderr)));
    (output, document)
}

/// The names of the steps with a result.
fn steps<'a>(document: &'a Value, result: &str) -> Vec<&'a str> {
    let steps = document["steps"].as_array().unwrap().iter().filter(|step| step["result"] == result);
    steps.map(|step| step["step"].as_str().unwrap()).collect()
}

/// What the smoke test makes beside its workflow, as far as it is there.
fn made() -> [Vec<String>; 3] {
    let of_test = |list: &Value, name: &str| -> Vec<String> {
        let names = list.as_array().into_iter().flatten().filter_map(|item| Some(item[name].as_str()?.to_owned()));
        names.filter(|name| name.contains("smoke-")).collect()
    };
    let (_, bus) = WORLD.output("EventBusArn").split_once("event-bus/").unwrap();
    let rules = cli(&["events", "list-rules", "--event-bus-name", bus]);
    // Version 1 of the AWS CLI reads no endpoint of SQS from the environment.
    let queues = cli(&["sqs", "list-queues", "--endpoint-url", WORLD.text("endpoint")]);
    let queues = queues["QueueUrls"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let subscriptions = cli(&["sns", "list-subscriptions"]);
    [
        of_test(&rules["Rules"], "Name"),
        queues.filter(|url| url.contains("smoke-")).map(str::to_owned).collect(),
        of_test(&subscriptions["Subscriptions"], "Endpoint"),
    ]
}

/// The rules of the stack whose logical ids these are, switched.
fn rules(switch: &str) {
    let (_, bus) = WORLD.output("EventBusArn").split_once("event-bus/").unwrap();
    for (bus, id) in [(bus, "QuarantinedWorkflowsRule"), ("default", "FailedRecoveriesRule")] {
        let listed = cli(&["events", "list-rules", "--event-bus-name", bus]);
        let names = listed["Rules"].as_array().unwrap().iter().map(|rule| rule["Name"].as_str().unwrap());
        let named: Vec<&str> = names.filter(|name| name.contains(id)).collect();
        let [name] = named.as_slice() else { panic!("{id}: {listed}") };
        cli(&["events", switch, "--name", name, "--event-bus-name", bus]);
    }
}

/// All alarms of the stack, switched.
fn alarms(switch: &str) {
    let listed = cli(&["cloudwatch", "describe-alarms"]);
    let names = listed["MetricAlarms"].as_array().unwrap().iter().map(|alarm| alarm["AlarmName"].as_str().unwrap());
    cli(&[&["cloudwatch", switch, "--alarm-names"][..], &names.collect::<Vec<_>>()].concat());
}

#[test]
fn a_sound_deployment_passes_the_smoke_test_which_leaves_nothing_but_its_workflow() {
    let (output, document) = smoke("60");
    assert_eq!((output.status.code(), &document["ok"]), (Some(0), &json!(true)), "{document:#}");
    assert_eq!(steps(&document, "not-checked"), Vec::<&str>::new(), "{document:#}");
    assert!(steps(&document, "ok").contains(&"a token without the required scopes is refused"), "{document:#}");
    assert!(steps(&document, "ok").len() >= 18, "{document:#}");
    let left = document["left_behind"].as_array().unwrap();
    assert!(matches!(left.as_slice(), [one] if one.as_str().unwrap().contains("CANCELLED")), "{left:?}");
    assert_eq!(made(), [const { Vec::<String>::new() }; 3]);
}

#[test]
fn broken_parts_of_a_deployment_make_their_steps_of_the_smoke_test_fail() {
    publisher("--no-enabled");
    rules("disable-rule");
    alarms("disable-alarm-actions");
    let (output, document) = smoke("5");
    alarms("enable-alarm-actions");
    rules("enable-rule");
    publisher("--enabled");
    assert_eq!(output.status.code(), Some(1), "{document:#}");
    let expected = [
        "the events of both versions arrive at a subscriber's queue",
        "an automatic recovery brings it back to ACTIVE",
        "a synthetic quarantine reaches the queue of quarantines",
        "a failed recovery reaches the queue of failed recoveries",
        "an alarm reaches each topic",
    ];
    assert_eq!(steps(&document, "wrong"), expected, "{document:#}");
    assert_eq!(made(), [const { Vec::<String>::new() }; 3]);
}
