//! Alarms: every queue of what went wrong has three, every alarm reaches people and says when it is over, and its page
//! has the response.

use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::template::{pascal, properties, resources};
use crate::workspace::{assert_no_complaints, workspace};

/// A queue that is emptied by whoever subscribes and not by people.
const SUBSCRIBERS: &str = "SubscriberQueue";
/// Queues that take messages also when the key is disabled: that may be what they tell.
const WITHOUT_THE_KEY: [&str; 2] = ["ProtectionChangesQueue", "UndeliveredEventsQueue"];
/// CloudWatch looks back so far, with periods of an hour and longer, and with shorter ones.
const LOOKS_BACK: (u64, u64) = (604_800, 86_400);

#[test]
fn every_queue_that_waits_for_people_says_so_at_each_message_and_again_before_messages_expire() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    let mut complaints = Vec::new();
    for (id, queue) in resources("AWS::SQS::Queue").into_iter().filter(|(id, _)| *id != SUBSCRIBERS) {
        let name = json!([{"Name": "QueueName", "Value": format!("{id}.QueueName")}]);
        let watching = |metric: &str, least: u64| {
            alarms.values().any(|alarm| {
                let period = alarm["Period"].as_u64().unwrap_or_default();
                let periods = alarm["EvaluationPeriods"].as_u64().unwrap_or_default();
                alarm["MetricName"] == metric
                    && alarm["Dimensions"] == name
                    && (&alarm["Threshold"], &alarm["ComparisonOperator"])
                        == (&json!(0), &json!("GreaterThanThreshold"))
                    && period * periods >= least
            })
        };
        let visible = "ApproximateNumberOfMessagesVisible";
        for (metric, least, what) in [
            (visible, 1, "says that messages wait"),
            ("NumberOfMessagesSent", 1, "says that one more came"),
            (visible, 259_200, "says that messages were forgotten"),
        ] {
            if !watching(metric, least) {
                complaints.push(format!("{id}: no alarm {what}"));
            }
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
    let kept = &crate::template::parameters()["DeadLetterRetentionSeconds"]["MinValue"];
    assert!(kept.as_u64() > Some(259_200), "messages expire before anybody hears that they were forgotten");
}

#[test]
fn every_alarm_has_one_severity_and_says_when_it_is_over() {
    let alarms = resources("AWS::CloudWatch::Alarm");
    assert!(alarms.len() > 50, "{} alarms: this test would see nothing", alarms.len());
    let complaints = alarms.iter().filter(|(_, alarm)| {
        let topics = [json!(["AlarmTopic"]), json!(["TicketTopic"])];
        !topics.contains(&alarm["AlarmActions"]) || alarm["OKActions"] != alarm["AlarmActions"]
    });
    assert_no_complaints(complaints.map(|(id, _)| format!("{id}: not one topic for its beginning and its end")));
    for topic in ["AlarmTopic", "TicketTopic"] {
        assert_eq!(
            properties(topic)["KmsMasterKeyId"],
            "AlarmKey",
            "{topic}: it tells that the other key was disabled"
        );
    }
}

#[test]
fn the_table_of_the_runbook_has_every_alarm_with_its_severity_and_no_other() {
    let page = workspace().text("docs/operations.md");
    let rows = page.lines().filter(|line| line.starts_with("| `") && line.contains("Alarm`"));
    let mut severities: BTreeMap<String, String> = BTreeMap::new();
    for row in rows {
        let severity = row.split('|').nth(2).unwrap_or_default().trim();
        let alarms = row.split('|').nth(1).unwrap_or_default();
        severities.extend(alarms.split('`').skip(1).step_by(2).map(|name| (name.to_owned(), severity.to_owned())));
    }
    let mut expected: BTreeMap<String, String> = BTreeMap::new();
    for (id, alarm) in resources("AWS::CloudWatch::Alarm") {
        let severity = if alarm["AlarmActions"] == json!(["AlarmTopic"]) { "page" } else { "ticket" };
        let other = expected.insert(row_of(id), severity.to_owned());
        assert!(other.is_none_or(|other| other == severity), "{id}: one row, two severities");
    }
    assert_eq!(severities, expected);
}

#[test]
fn every_alarm_names_a_section_of_the_runbook_and_a_command_of_that_section() {
    let page = workspace().text("docs/operations.md");
    let mut complaints = Vec::new();
    for (id, alarm) in resources("AWS::CloudWatch::Alarm") {
        let said = alarm["AlarmDescription"].as_str().unwrap_or_default();
        let named = said.split_once(" Runbook: docs/operations.md, \"").and_then(|(_, rest)| rest.split_once("\": "));
        let Some((section, first)) = named else {
            complaints.push(format!("{id} names no section and command"));
            continue;
        };
        match section_of(page, section) {
            None => complaints.push(format!("{id}: docs/operations.md has no section \"{section}\"")),
            Some(text) if !commands(text).any(|line| line.starts_with(first)) => {
                complaints.push(format!("{id}: \"{section}\" has no command `{first}`"));
            }
            Some(_) if said.len() > 1024 => complaints.push(format!("{id}: CloudWatch takes 1024 characters")),
            Some(_) => {}
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn the_command_of_an_alarm_on_functions_is_about_functions_that_it_watches() {
    let operations = workspace().operations();
    let mut seen = 0;
    for (id, alarm) in resources("AWS::CloudWatch::Alarm") {
        let watched: Vec<&str> = alarm["Metrics"]
            .as_array()
            .into_iter()
            .flatten()
            .flat_map(|metric| metric["MetricStat"]["Metric"]["Dimensions"].as_array().into_iter().flatten())
            .filter(|dimension| dimension["Name"] == "FunctionName")
            .filter_map(|dimension| dimension["Value"].as_str())
            .collect();
        let said = alarm["AlarmDescription"].as_str().unwrap_or_default();
        let command = said.rsplit("\": ").next().unwrap_or_default();
        let words: Vec<&str> = command.split(|char: char| !char.is_ascii_alphanumeric() && char != '-').collect();
        let named: Vec<String> =
            operations.iter().filter(|name| words.contains(&name.as_str())).map(|name| pascal(name)).collect();
        if watched.is_empty() || named.is_empty() {
            continue;
        }
        // Of a group with several alarms the command names one function, and people put in another.
        let group = id.trim_end_matches("Alarm").trim_end_matches(|char: char| char.is_ascii_digit());
        let of_group = |name: &String| {
            resources("AWS::CloudWatch::Alarm").iter().any(|(other, alarm)| {
                other.starts_with(group) && alarm["Metrics"].to_string().contains(&format!("\"{name}Function\""))
            })
        };
        assert!(named.iter().any(of_group), "{id} watches {watched:?}, and `{command}` looks at others");
        seen += 1;
    }
    assert!(seen > 5, "{seen} alarms: this test would see nothing");
}

#[test]
fn every_alarm_is_one_that_cloudwatch_takes() {
    let mut complaints = Vec::new();
    for (id, alarm) in resources("AWS::CloudWatch::Alarm") {
        let metrics = alarm["Metrics"].as_array().map_or(&[][..], Vec::as_slice);
        let metrics: Vec<&Value> = metrics.iter().filter(|metric| metric["MetricStat"].is_object()).collect();
        if metrics.len() > 10 {
            complaints.push(format!("{id} adds up more than ten metrics"));
        }
        let expression = alarm["Metrics"][0]["Expression"].as_str().unwrap_or_default();
        let words: Vec<&str> = expression.split(|char: char| !char.is_ascii_alphanumeric()).collect();
        for metric in &metrics {
            let name = metric["Id"].as_str().unwrap_or_default();
            if !words.contains(&name) {
                complaints.push(format!("{id} makes nothing of {name}"));
            }
        }
        let period = metrics.first().map_or(&alarm["Period"], |metric| &metric["MetricStat"]["Period"]).as_u64();
        let (period, periods) = (period.unwrap_or_default(), alarm["EvaluationPeriods"].as_u64().unwrap_or_default());
        let furthest = if period < 3600 { LOOKS_BACK.1 } else { LOOKS_BACK.0 };
        if !(60..=furthest).contains(&(period * periods)) {
            complaints.push(format!("{id} looks back {} seconds", period * periods));
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn the_publisher_s_and_the_sweeps_heartbeats_are_missed() {
    for id in ["PublisherStoppedAlarm", "SweepMissingAlarm", "DeadlineSweepMissingAlarm"] {
        let alarm = properties(id);
        assert_eq!(alarm["TreatMissingData"], "breaching", "{id}");
        assert_eq!(alarm["ComparisonOperator"], "LessThanThreshold", "{id}");
    }
    let events = &properties("PublishEventsFunction")["Events"];
    let metrics = &events["Notification"]["Properties"]["MetricsConfig"]["Metrics"];
    assert_eq!(metrics, &json!(["EventCount"]), "without it there is no DroppedEventCount");
}

#[test]
fn the_metrics_of_our_own_that_alarms_watch_are_ours() {
    let ours = workspace().text("shared/operations/src/metrics.rs");
    let mut seen = 0;
    let alarms = resources("AWS::CloudWatch::Alarm");
    let several = alarms.values().filter_map(|alarm| alarm["Metrics"].as_array()).flatten();
    let several = several.map(|metric| &metric["MetricStat"]["Metric"]);
    for metric in alarms.values().copied().chain(several).filter(|metric| metric["Namespace"] == "ALIMS") {
        let name = metric["MetricName"].as_str().unwrap_or_default();
        let line = ours.lines().find(|line| line.contains(&format!(": \"{name}\", ")));
        let line = line.unwrap_or_else(|| panic!("there is no metric {name}"));
        for dimension in metric["Dimensions"].as_array().into_iter().flatten() {
            let dimension = dimension["Name"].as_str().unwrap_or_default();
            assert!(dimension == "Stack" || line.contains(&format!("\"{dimension}\"")), "{name} has no {dimension}");
        }
        seen += 1;
    }
    assert!(seen > 5, "{seen} metrics: this test would see nothing");
}

#[test]
fn every_function_s_errors_throttles_and_durations_are_watched_but_those_that_are_part_of_its_work() {
    let metrics = resources("AWS::CloudWatch::Alarm").into_values().filter_map(|alarm| alarm["Metrics"].as_array());
    let watched: Vec<String> = metrics
        .flatten()
        .filter_map(|metric| {
            let metric = &metric["MetricStat"]["Metric"];
            let function = metric["Dimensions"].as_array()?.iter().find(|one| one["Name"] == "FunctionName")?;
            Some(format!("{} {}", metric["MetricName"].as_str()?, function["Value"].as_str()?))
        })
        .collect();
    let functions = resources("AWS::Serverless::Function").into_keys();
    let wanted =
        functions.flat_map(|function| ["Errors", "Throttles", "Duration"].map(|of| format!("{of} {function}")));
    // They fail on purpose when something can pass, and their state machines try again.
    let on_purpose = ["Errors ExportStepFunction", "Errors RecoveryStepFunction"];
    let wanted = wanted.filter(|wanted| !on_purpose.contains(&wanted.as_str()));
    assert_no_complaints(
        wanted.filter(|wanted| !watched.contains(wanted)).map(|missing| format!("{missing}: no alarm")),
    );
}

#[test]
fn every_rule_keeps_what_it_cannot_deliver_and_an_alarm_watches_it() {
    let of = |ids: [&str; 2]| ids.map(|id| properties(id)["Metrics"].to_string()).concat();
    let lost = of(["LostEventsAlarm", "LostEvents2Alarm"]);
    let delayed = of(["DelayedEventsAlarm", "DelayedEvents2Alarm"]);
    let mut complaints = Vec::new();
    for (id, rule) in resources("AWS::Events::Rule") {
        let targets = rule["Targets"].as_array().unwrap();
        if targets.iter().any(|target| target["DeadLetterConfig"]["Arn"].is_null()) {
            complaints.push(format!("{id} drops what it cannot deliver"));
        }
        // The sample subscriber's loss is that of a sample.
        for (name, watched) in [("LostEvents", &lost), ("DelayedEvents", &delayed)] {
            // By its name or by its ARN; once for each of the two metrics.
            let times = watched.matches(&format!("\"{id}")).count();
            if id != "SubscriberRule" && times != 2 {
                complaints.push(format!("{id}: {name} watches it {times} times"));
            }
        }
    }
    assert_no_complaints(complaints);
}

#[test]
fn the_commands_of_the_runbook_are_ones_that_a_shell_reads() {
    let script: String = commands(workspace().text("docs/operations.md")).map(|line| format!("{line}\n")).collect();
    assert!(script.lines().count() > 50, "this test would see nothing");
    let mut shell = Command::new("bash").arg("-n").stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    shell.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    let read = shell.wait_with_output().unwrap();
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

/// The alarm whose row speaks of this one too.
fn row_of(id: &str) -> String {
    let plain: String = id.chars().filter(|char| !char.is_ascii_digit()).collect();
    let of_function = |operation: &String| plain == format!("{}ReleaseAlarm", pascal(operation));
    if workspace().operations().iter().any(of_function) {
        return "ReleaseAlarm".to_owned();
    }
    for more in ["AgainAlarm", "ForgottenAlarm"] {
        if let Some(queue) = plain.strip_suffix(more) {
            return format!("{queue}Alarm");
        }
    }
    plain
}

/// The text under a heading, without the sections after it.
fn section_of<'a>(page: &'a str, heading: &str) -> Option<&'a str> {
    let at = page.find(&format!("# {heading}\n"))?;
    let rest = &page[at + heading.len() + 3..];
    Some(rest.split("\n#").next().unwrap_or(rest))
}

/// The lines of the blocks of commands.
fn commands(section: &str) -> impl Iterator<Item = &str> {
    section.split("```bash\n").skip(1).filter_map(|rest| rest.split("```").next()).flat_map(str::lines)
}
