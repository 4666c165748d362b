//! What watches the log's protection: an alarm for a changed item, rules for calls that could lift it, and a trail of
//! every write.

use alims_operations::metrics::LOG_CHANGES;
use serde_json::{Value, json};

use crate::template::{properties, resource};

#[test]
fn a_change_of_the_log_raises_an_alarm_within_a_minute_under_the_name_that_is_counted() {
    let alarm = properties("LogChangesAlarm");
    assert_eq!((&alarm["MetricName"], &alarm["Threshold"]), (&json!(LOG_CHANGES.name), &json!(0)));
    assert_eq!((&alarm["Period"], &alarm["EvaluationPeriods"]), (&json!(60), &json!(1)));
    assert_eq!(LOG_CHANGES.labels, [""; 0], "a label is one more dimension");
    assert_eq!(alarm["Dimensions"], json!([{"Name": "Stack", "Value": "AWS::StackName"}]));
}

/// The actions that could lift what protects the log, each by the event that AWS CloudTrail makes of it.
#[test]
fn changes_of_the_logs_protection_reach_people_also_when_the_key_is_disabled() {
    let rules = [
        (
            "ProtectionOfTheTableRule",
            "dynamodb",
            vec![
                "PutResourcePolicy",
                "DeleteResourcePolicy",
                "UpdateTable",
                "UpdateTimeToLive",
                "UpdateContinuousBackups",
                "DeleteTable",
                "DisableKinesisStreamingDestination",
            ],
        ),
        (
            "ProtectionOfTheKeyRule",
            "kms",
            vec!["ScheduleKeyDeletion", "DisableKey", "PutKeyPolicy", "CancelKeyDeletion", "EnableKey"],
        ),
        (
            "ProtectionOfThePublisherRule",
            "lambda",
            vec!["UpdateEventSourceMapping", "DeleteEventSourceMapping", "PutFunctionConcurrency"],
        ),
    ];
    for (id, service, actions) in rules {
        let rule = properties(id);
        let pattern = &rule["EventPattern"];
        assert_eq!(
            (&pattern["source"], &pattern["detail-type"]),
            (&json!([format!("aws.{service}")]), &json!(["AWS API Call via CloudTrail"]))
        );
        assert_eq!(pattern["detail"]["eventSource"], json!([format!("{service}.amazonaws.com")]));
        let watched = pattern["detail"]["eventName"].as_array().unwrap();
        for action in actions {
            // The names of AWS Lambda's calls have a date behind them.
            assert!(watched.iter().any(|name| *name == action || name["prefix"] == action), "{id}: {action}");
        }
        assert!(pattern["detail"]["$or"].as_array().is_some_and(|or| or.len() >= 2), "{id} is about one resource");
        assert_eq!(rule["EventBusName"], Value::Null, "{id}: CloudTrail's events are on the default bus");
        let target = &rule["Targets"][0];
        assert_eq!(target["Arn"], "ProtectionChangesQueue.Arn");
        assert_eq!(target["DeadLetterConfig"]["Arn"], "UndeliveredEventsQueue.Arn");
    }
    let allowed = &properties("ProtectionChangesQueuePolicy")["PolicyDocument"]["Statement"][0]["Condition"];
    let rules = rules_of(allowed);
    assert_eq!(
        rules,
        ["ProtectionOfTheKeyRule.Arn", "ProtectionOfThePublisherRule.Arn", "ProtectionOfTheTableRule.Arn"]
    );
    let sent = properties("ProtectionChangesAgainAlarm");
    assert_eq!((&sent["MetricName"], &sent["Statistic"]), (&json!("NumberOfMessagesSent"), &json!("Sum")), "each time");
}

fn rules_of(condition: &Value) -> Vec<&str> {
    condition["ArnEquals"]["aws:SourceArn"].as_array().unwrap().iter().map(|arn| arn.as_str().unwrap()).collect()
}

#[test]
fn the_audit_trail_records_every_write_to_the_log_where_no_principal_can_delete_it() {
    for id in ["AuditTrailBucket", "AuditTrailBucketPolicy", "LogTrail"] {
        assert_eq!(resource(id)["Condition"], "HasAuditTrail", "{id}");
    }
    for id in ["AuditTrailBucket", "AuditTrailBucketPolicy"] {
        assert_eq!(resource(id)["DeletionPolicy"], "RetainExceptOnCreate", "{id}");
    }
    let bucket = properties("AuditTrailBucket");
    assert_eq!(bucket["ObjectLockConfiguration"]["Rule"]["DefaultRetention"]["Mode"], "COMPLIANCE");
    assert_eq!(bucket["VersioningConfiguration"]["Status"], "Enabled");
    assert!(bucket["PublicAccessBlockConfiguration"].as_object().unwrap().values().all(|blocked| *blocked == true));
    let trail = properties("LogTrail");
    assert_eq!((&trail["EnableLogFileValidation"], &trail["IsLogging"]), (&json!(true), &json!(true)));
    assert_eq!(trail["KMSKeyId"], "DataKey.Arn");
    let selected =
        |number: usize| trail["AdvancedEventSelectors"][number]["FieldSelectors"].as_array().unwrap().clone();
    let equals = |field: &str, value: &str| json!({"Field": field, "Equals": [value]});
    let writes = [
        ("eventCategory", "Data"),
        ("resources.type", "AWS::DynamoDB::Table"),
        ("readOnly", "false"),
        ("resources.ARN", "LogTable.Arn"),
    ];
    assert_eq!(selected(0), writes.map(|(field, value)| equals(field, value)));
    assert_eq!(
        selected(1),
        [equals("eventCategory", "Management"), equals("readOnly", "false")],
        "the rules need them"
    );
}
