//! The alarms that add up a metric of several functions.

use std::fmt::Write as _;

use super::function::Function;

/// An alarm adds at most so many metrics (Amazon CloudWatch user guide, "Alarms based on metric math expressions").
const METRICS_MAX: usize = 10;

/// A group of functions and one metric of theirs.
struct Watched {
    /// The alarm's name; a second alarm of the same group has a number behind it.
    id: &'static str,
    metric: &'static str,
    /// What the functions do then.
    what: &'static str,
    label: &'static str,
    requests: bool,
    /// Periods of five minutes, and how many of them must have the metric.
    periods: (u32, u32),
    unless: &'static [&'static str],
}

const WATCHED: [Watched; 4] = [
    Watched {
        id: "RequestErrors",
        metric: "Errors",
        what: "API functions crash or time out",
        label: "errors of API functions",
        requests: true,
        periods: (1, 1),
        unless: &[],
    },
    Watched {
        id: "BackgroundErrors",
        metric: "Errors",
        what: "Background functions crash or time out",
        label: "errors of background functions",
        requests: false,
        periods: (3, 2),
        // It fails on purpose when a later try may succeed, and the state machine tries again.
        unless: &["recovery-step"],
    },
    Watched {
        id: "RequestThrottles",
        metric: "Throttles",
        what: "API functions are throttled",
        label: "throttles of API functions",
        requests: true,
        periods: (1, 1),
        unless: &[],
    },
    Watched {
        id: "BackgroundThrottles",
        metric: "Throttles",
        what: "Background functions are throttled",
        label: "throttles of background functions",
        requests: false,
        periods: (3, 2),
        unless: &[],
    },
];

/// All of them.
pub(crate) fn resources(functions: &[Function]) -> anyhow::Result<String> {
    let mut alarms = Vec::new();
    for watched in &WATCHED {
        let of = |function: &&Function| {
            function.request.is_some() == watched.requests && !watched.unless.contains(&function.name.as_str())
        };
        let group: Vec<&Function> = functions.iter().filter(of).collect();
        for (number, part) in group.chunks(METRICS_MAX).enumerate() {
            let number = if number == 0 { String::new() } else { (number + 1).to_string() };
            alarms.push(alarm(watched, &format!("{}{number}Alarm", watched.id), part)?);
        }
    }
    Ok(alarms.join("\n"))
}

fn alarm(watched: &Watched, id: &str, functions: &[&Function]) -> anyhow::Result<String> {
    let Watched { metric, what, label, periods: (periods, bad), .. } = watched;
    let names: Vec<String> = functions.iter().map(|function| function.camel()).collect();
    let mut yaml = format!(
        "  {id}:
    Type: AWS::CloudWatch::Alarm
    Condition: HasMetricMath
    Properties:
      AlarmDescription: {what}. See {}Alarm in docs/operations.md.
      AlarmActions: [!Ref AlarmTopic]
      Metrics:
        - Id: together
          Label: {label}
          Expression: SUM([{}])
",
        watched.id,
        names.join(", ")
    );
    for (name, function) in names.iter().zip(functions) {
        write!(
            yaml,
            "        - Id: {name}
          ReturnData: false
          MetricStat:
            Metric: {{ Namespace: AWS/Lambda, MetricName: {metric}, Dimensions: [{{ Name: FunctionName, Value: !Ref {}Function }}] }}
            Period: 300
            Stat: Sum
",
            function.pascal()
        )?;
    }
    write!(
        yaml,
        "      EvaluationPeriods: {periods}
      DatapointsToAlarm: {bad}
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: notBreaching
"
    )?;
    Ok(yaml)
}
