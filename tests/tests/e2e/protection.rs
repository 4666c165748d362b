//! The rules that tell of changes of the log's protection, each asked about events as AWS documents them.

use serde_json::{Value, json};

use crate::world::{WORLD, cli};

/// Whether a deployed rule of the default bus passes an event of CloudTrail with this detail.
fn passes(rule: &str, source: &str, detail: &Value) -> bool {
    // A rule of the default bus is known by its name alone.
    let name = WORLD.resource(rule);
    let pattern = cli(&["events", "describe-rule", "--name", name])["EventPattern"].as_str().unwrap().to_owned();
    let event = json!({
        "id": "1", "account": WORLD.text("account"), "region": WORLD.text("region"), "time": "2026-11-28T08:00:00Z",
        "resources": [], "source": source, "detail-type": "AWS API Call via CloudTrail", "detail": detail,
    });
    let tested = cli(&["events", "test-event-pattern", "--event-pattern", &pattern, "--event", &event.to_string()]);
    tested["Result"].as_bool().unwrap()
}

fn call(service: &str, name: &str, request: &Value, response: &Value, resources: &Value) -> Value {
    json!({
        "eventSource": format!("{service}.amazonaws.com"), "eventName": name, "requestParameters": request,
        "responseElements": response, "resources": resources,
    })
}

#[tokio::test]
async fn a_change_of_the_log_s_table_is_told_by_name_and_by_arn_and_of_another_table_is_not() {
    let table = WORLD.output("LogTableName");
    let arn = format!("arn:aws:dynamodb:{}:{}:table/{table}", WORLD.text("region"), WORLD.text("account"));
    let none = Value::Null;
    let passes = |detail: Value| passes("ProtectionOfTheTableRule", "aws.dynamodb", &detail);
    for name in ["UpdateTable", "DeleteTable", "UpdateTimeToLive", "UpdateContinuousBackups"] {
        assert!(passes(call("dynamodb", name, &json!({"tableName": table}), &none, &none)), "{name}");
        assert!(passes(call("dynamodb", name, &json!({"tableName": arn}), &none, &none)), "{name} by ARN");
    }
    for resource in [arn.clone(), format!("{arn}/stream/2026-11-28T08:00:00.000")] {
        for name in ["PutResourcePolicy", "DeleteResourcePolicy"] {
            assert!(
                passes(call("dynamodb", name, &json!({"resourceArn": resource}), &none, &none)),
                "{name} {resource}"
            );
        }
    }
    // As in the example of the documentation, whose request does not name the table.
    let response = json!({"tableDescription": {"tableName": table}});
    assert!(passes(call("dynamodb", "UpdateTable", &json!({}), &response, &none)));
    let index = WORLD.output("IndexTableName");
    assert!(!passes(call("dynamodb", "UpdateTable", &json!({"tableName": index}), &none, &none)));
    assert!(!passes(call("dynamodb", "TagResource", &json!({"resourceArn": arn}), &none, &none)));
    assert!(!passes(call("dynamodb", "PutResourcePolicy", &json!({"resourceArn": format!("{arn}-2")}), &none, &none)));
}

#[tokio::test]
async fn a_change_of_the_key_or_of_the_publisher_s_mapping_is_told() {
    let key = WORLD.resource("DataKey");
    let arn = format!("arn:aws:kms:{}:{}:key/{key}", WORLD.text("region"), WORLD.text("account"));
    let none = Value::Null;
    for name in ["ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy", "CancelKeyDeletion"] {
        let of_it = json!([{"ARN": arn, "type": "AWS::KMS::Key"}]);
        for detail in [
            call("kms", name, &json!({"keyId": key}), &none, &none),
            call("kms", name, &json!({"keyId": arn}), &none, &none),
            call("kms", name, &none, &none, &of_it),
        ] {
            assert!(passes("ProtectionOfTheKeyRule", "aws.kms", &detail), "{detail}");
        }
    }
    let other = call("kms", "DisableKey", &json!({"keyId": "another"}), &none, &none);
    assert!(!passes("ProtectionOfTheKeyRule", "aws.kms", &other));

    let (rule, mapping) = ("ProtectionOfThePublisherRule", WORLD.resource("PublishEventsFunctionNotification"));
    for name in ["UpdateEventSourceMapping20150331", "DeleteEventSourceMapping20150331"] {
        for request in [json!({"uUID": mapping, "enabled": false}), json!({"uuid": mapping})] {
            assert!(passes(rule, "aws.lambda", &call("lambda", name, &request, &none, &none)), "{name} {request}");
        }
    }
    let throttled = json!({"functionName": WORLD.resource("PublishEventsFunction"), "reservedConcurrentExecutions": 0});
    assert!(passes(rule, "aws.lambda", &call("lambda", "PutFunctionConcurrency20171031", &throttled, &none, &none)));
    let other = call("lambda", "UpdateEventSourceMapping20150331", &json!({"uuid": "another"}), &none, &none);
    assert!(!passes(rule, "aws.lambda", &other));
}
