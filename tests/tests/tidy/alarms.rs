//! Alarms: every queue of what went wrong has one, every alarm reaches people, and its page is written.

use serde_json::json;

use crate::template::{properties, resources};
use crate::workspace::{assert_no_complaints, workspace};

/// A queue that is emptied by whoever subscribes and not by people.
const SUBSCRIBERS: &str = "SubscriberQueue";

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
        if queue["KmsMasterKeyId"] != "DataKey" || queue["MessageRetentionPeriod"] != "DeadLetterRetentionSeconds" {
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
    assert_eq!(properties("AlarmTopic")["KmsMasterKeyId"], "DataKey");
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
