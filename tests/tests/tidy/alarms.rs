//! Alarms: every queue of what went wrong has one, every alarm reaches people, and its page is written.

use alims_operations::metrics::LOG_CHANGES;
use serde_json::json;

use crate::template::{properties, resource, resources};
use crate::workspace::{assert_no_complaints, workspace};

/// A queue that is emptied by whoever subscribes and not by people.
const SUBSCRIBERS: &str = "SubscriberQueue";
/// Queues that must take messages also when the key is disabled, for that is what they tell.
const WITHOUT_THE_KEY: [&str; 2] = ["ProtectionChangesQueue", "UndeliveredProtectionChangesQueue"];

#[test]
fn every_queue_that_waits_for_people_has_an_alarm_keeps_its_messages_and_is_encrypted() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let mut complaints = Vec::new();
    for (id, queue) in resources("AWS::SQS::Queue").into_iter().filter(|(id, _)| *id != SUBSCRIBERS) {
        let name = json!([{"Name": "QueueName", "Value": format!("{id}.QueueName")}]);
        let watches = |alarm: &&serde_json::Value| {
            alarm["MetricName"] == "ApproximateNumberOfMessagesVisible" && alarm["Dimensions"] == name
        };
        match alarms.values().copied().find(watches) {
            None => complaints.push(format!("{id} has no alarm")),
            Some(alarm) if alarm["Threshold"] != 0 || alarm["ComparisonOperator"] != "GreaterThanThreshold" => {
                complaints.push(format!("{id}: its alarm does not ring at the first message"));
            }
            Some(_) => {}
        }
        let encrypted = if WITHOUT_THE_KEY.contains(&id) {
            queue["SqsManagedSseEnabled"] == true && queue["KmsMasterKeyId"].is_null()
        } else {
            queue["KmsMasterKeyId"] == "DataKey"
        };
        if !encrypted || queue["MessageRetentionPeriod"] != "DeadLetterRetentionSeconds" {
            complaints.push(format!("{id}: its messages are not kept, or not encrypted"));
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn every_alarm_reaches_the_topic_and_the_page_of_operations_says_what_it_means() {
    let page = workspace().text("docs/operations.md");
    let alarms = resources("AWS::CloudWatch::Alarm");
    assert!(alarms.len() > 5, "{} alarms: this test would see nothing", alarms.len());
    let mut complaints = Vec::new();
    for (id, alarm) in alarms {
        if alarm["AlarmActions"] != json!(["AlarmTopic"]) {
            complaints.push(format!("{id} rings where nobody hears it"));
        }
        // A second alarm for the same metric of more functions has a number, and its page is that of the first.
        let row: String = id.chars().filter(|char| !char.is_ascii_digit()).collect();
        if !page.contains(&format!("`{row}`")) {
            complaints.push(format!("docs/operations.md does not say what {id} means"));
        }
    }
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        let named = line.split('`').skip(1).step_by(2).filter(|name| name.ends_with("Alarm"));
        let missing = named.filter(|name| !workspace().text("template.yaml").contains(&format!("  {name}:\n")));
        complaints.extend(missing.map(|name| format!("docs/operations.md: there is no {name}")));
    }
    assert_no_complaints(complaints);
    assert_eq!(properties("AlarmTopic")["KmsMasterKeyId"], "AlarmKey", "it tells that the other key was disabled");
}

#[test]
fn a_change_of_the_log_raises_an_alarm_within_a_minute_under_the_name_that_is_counted() {
    let alarm = properties("LogChangesAlarm");
    assert_eq!((&alarm["MetricName"], &alarm["Threshold"]), (&json!(LOG_CHANGES.name), &json!(0)));
    assert_eq!((&alarm["Period"], &alarm["EvaluationPeriods"]), (&json!(60), &json!(1)));
    assert_eq!(LOG_CHANGES.labels, [""; 0], "a label is a dimension, and the alarm has none");
    assert_eq!(alarm["Dimensions"], serde_json::Value::Null);
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
        assert_eq!(rule["EventBusName"], serde_json::Value::Null, "{id}: CloudTrail's events are on the default bus");
        let target = &rule["Targets"][0];
        assert_eq!(target["Arn"], "ProtectionChangesQueue.Arn");
        assert_eq!(target["DeadLetterConfig"]["Arn"], "UndeliveredProtectionChangesQueue.Arn");
    }
    let allowed = &properties("ProtectionChangesQueuePolicy")["PolicyDocument"]["Statement"][0]["Condition"];
    let rules = rules_of(allowed);
    assert_eq!(
        rules,
        ["ProtectionOfTheKeyRule.Arn", "ProtectionOfThePublisherRule.Arn", "ProtectionOfTheTableRule.Arn"]
    );
    let sent = properties("ProtectionChangedAlarm");
    assert_eq!((&sent["MetricName"], &sent["Statistic"]), (&json!("NumberOfMessagesSent"), &json!("Sum")), "each time");
}

fn rules_of(condition: &serde_json::Value) -> Vec<&str> {
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

#[test]
fn no_alarm_adds_up_more_metrics_than_cloudwatch_takes() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let too_many = |alarm: &serde_json::Value| {
        let metrics = alarm["Metrics"].as_array().map_or(&[][..], Vec::as_slice);
        metrics.iter().filter(|metric| metric["MetricStat"].is_object()).count() > 10
    };
    let complaints = alarms.iter().filter(|(_, alarm)| too_many(alarm));
    assert_no_complaints(complaints.map(|(id, _)| format!("{id} adds up more than ten metrics")));
}

#[test]
fn every_function_s_errors_and_throttles_are_watched_but_those_that_are_part_of_its_work() {
    let metrics = resources("AWS::CloudWatch::Alarm").into_values().filter_map(|alarm| alarm["Metrics"].as_array());
    let watched: Vec<String> = metrics
        .flatten()
        .filter_map(|metric| {
            let metric = &metric["MetricStat"]["Metric"];
            Some(format!("{} {}", metric["MetricName"].as_str()?, metric["Dimensions"][0]["Value"].as_str()?))
        })
        .collect();
    let functions = resources("AWS::Serverless::Function").into_keys();
    let wanted = functions.flat_map(|function| [format!("Errors {function}"), format!("Throttles {function}")]);
    // It fails on purpose when something can pass, and the state machine tries again.
    let wanted = wanted.filter(|wanted| wanted != "Errors RecoveryStepFunction");
    assert_no_complaints(
        wanted.filter(|wanted| !watched.contains(wanted)).map(|missing| format!("{missing}: no alarm")),
    );
}
