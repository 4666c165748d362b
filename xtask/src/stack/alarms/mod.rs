//! The alarms of `deployment/alarms.toml`, as resources of the template.

mod described;
mod functions;
mod written;

use std::collections::BTreeMap;
use std::fs;

use self::described::{Alarm, Comparison, File, Metric, Missing, Watched};
use self::written::alarm;
use super::function::Function;
use crate::workspace::Workspace;
use anyhow::Context as _;

/// Where they are described.
const FILE: &str = "deployment/alarms.toml";
/// All of them.
///
/// # Errors
/// When the file is missing or not as it should be.
pub(crate) fn resources(workspace: &Workspace, functions: &[Function], timeout_seconds: u32) -> anyhow::Result<String> {
    let text = fs::read_to_string(workspace.root.join(FILE)).with_context(|| format!("{FILE} is missing"))?;
    let file: File = toml::from_str(&text).with_context(|| format!("{FILE} is not as it should be"))?;
    let mut written = Vec::new();
    for described in &file.alarm {
        let made = made(described, functions, timeout_seconds);
        for part in made.with_context(|| format!("{FILE}: {}", described.name))? {
            written.push(part);
        }
    }
    Ok(written.join("\n"))
}

/// The alarm that takes back a deployment of the function, if it has one.
pub(crate) fn of_release(function: &Function) -> Option<String> {
    // It fails on purpose when a later try may succeed.
    (!["export-step", "recovery-step"].contains(&&*function.name)).then(|| format!("{}ReleaseAlarm", function.pascal()))
}

fn made(described: &Alarm, all: &[Function], timeout_seconds: u32) -> anyhow::Result<Vec<String>> {
    match described {
        Alarm { queue: Some(queue), metric: None, math: None, functions: None, .. } => of_queue(described, queue),
        Alarm { queue: None, metric: Some(metric), math: None, functions: None, .. } => {
            Ok(vec![alarm(described, &described.name, &Watched::Metric(metric.clone()))?])
        }
        Alarm { queue: None, metric: None, math: Some(math), functions: None, .. } => {
            Ok(vec![alarm(described, &described.name, &Watched::Math(math.clone()))?])
        }
        Alarm { queue: None, metric: None, math: None, functions: Some(group), .. } => {
            let made = functions::alarms(group, described, all, timeout_seconds)?;
            made.iter().map(|(alarm_of, name, watched)| alarm(alarm_of, name, watched)).collect()
        }
        _ => anyhow::bail!("an alarm watches one of queue, metric, math and functions"),
    }
}

/// The three alarms of a queue. CloudWatch acts only when an alarm's state changes, so one that stays on while messages
/// wait says nothing of the next message.
fn of_queue(described: &Alarm, queue: &str) -> anyhow::Result<Vec<String>> {
    let metric = |name: &str, stat: &str| {
        let dimensions = BTreeMap::from([("QueueName".to_owned(), format!("!GetAtt {queue}.QueueName"))]);
        let (namespace, name) = ("AWS/SQS".to_owned(), name.to_owned());
        Watched::Metric(Metric { id: String::new(), namespace, name, stat: stat.to_owned(), dimensions })
    };
    let base = Alarm { threshold: "0".to_owned(), comparison: Comparison::Greater, ..described.clone() };
    let what = described.what.trim_end_matches('.');
    let waits = Alarm {
        period: 300,
        of: (1, 1),
        // A queue that nothing touches for hours may report nothing although messages wait in it.
        missing: Missing::Ignore,
        why: Some(
            "Without data the state stays: a queue may report nothing while it is inactive (Amazon SQS developer \
             guide, \"Available CloudWatch metrics for Amazon SQS\")."
                .to_owned(),
        ),
        ..base.clone()
    };
    let again = Alarm {
        what: format!("{what}. This is a new message; others may wait."),
        period: 60,
        of: (1, 1),
        missing: Missing::Good,
        why: Some("One mail for each minute with new messages, whether or not others wait.".to_owned()),
        ..base.clone()
    };
    let forgotten = Alarm {
        what: format!("{what}. A message has waited for three days; messages expire."),
        period: 3600,
        of: (72, 72),
        missing: Missing::Ignore,
        why: Some(
            "Not the age of the oldest message: that leaves out a message which was looked at three times (Amazon SQS \
             developer guide, \"Available CloudWatch metrics for Amazon SQS\"). The parameter keeps messages for four \
             days and longer."
                .to_owned(),
        ),
        ..base
    };
    let visible = "ApproximateNumberOfMessagesVisible";
    Ok(vec![
        alarm(&waits, &described.name, &metric(visible, "Maximum"))?,
        alarm(&again, &format!("{}Again", described.name), &metric("NumberOfMessagesSent", "Sum"))?,
        alarm(&forgotten, &format!("{}Forgotten", described.name), &metric(visible, "Maximum"))?,
    ])
}
