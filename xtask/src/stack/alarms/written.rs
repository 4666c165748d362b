//! An alarm in YAML.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::described::{Alarm, Comparison, METRICS_MAX, Math, Metric, Missing, Severity, WITH_MATH, Watched};

/// The length of a comment's line.
const WIDTH: usize = 110;

pub(super) fn alarm(described: &Alarm, name: &str, watched: &Watched) -> anyhow::Result<String> {
    let (enough, periods) = described.of;
    let topic = match described.severity {
        Severity::Page => "AlarmTopic",
        Severity::Ticket => "TicketTopic",
    };
    anyhow::ensure!(described.period > 0 && enough > 0 && enough <= periods, "an alarm has a period, and m of n of it");
    anyhow::ensure!(!described.threshold.is_empty(), "an alarm has a threshold");
    let mut yaml = format!("  {name}Alarm:\n    Type: AWS::CloudWatch::Alarm\n");
    let with_math = matches!(watched, Watched::Math(_)).then_some(WITH_MATH);
    if let Some(condition) = described.condition.as_deref().or(with_math) {
        writeln!(yaml, "    Condition: {condition}")?;
    }
    yaml.push_str("    Properties:\n");
    comment(&mut yaml, described.why.as_deref().unwrap_or_default())?;
    let text =
        format!("{} Runbook: docs/operations.md, \"{}\": {}", described.what, described.section, described.first);
    write!(
        yaml,
        "      AlarmDescription: '{}'
      AlarmActions: [!Ref {topic}]
      OKActions: [!Ref {topic}]
",
        text.replace('\'', "''")
    )?;
    match watched {
        Watched::Metric(metric) => single(&mut yaml, metric, described.period)?,
        Watched::Math(math) => several(&mut yaml, math, described.period)?,
    }
    write!(
        yaml,
        "      EvaluationPeriods: {periods}
      DatapointsToAlarm: {enough}
      Threshold: {}
      ComparisonOperator: {}
      TreatMissingData: {}
",
        described.threshold,
        match described.comparison {
            Comparison::Greater => "GreaterThanThreshold",
            Comparison::GreaterOrEqual => "GreaterThanOrEqualToThreshold",
            Comparison::Less => "LessThanThreshold",
        },
        match described.missing {
            Missing::Good => "notBreaching",
            Missing::Breaching => "breaching",
            Missing::Ignore => "ignore",
        },
    )?;
    Ok(yaml)
}

fn single(yaml: &mut String, metric: &Metric, period: u32) -> anyhow::Result<()> {
    writeln!(yaml, "      Namespace: {}\n      MetricName: {}", metric.namespace, metric.name)?;
    if !metric.dimensions.is_empty() {
        writeln!(yaml, "      Dimensions: {}", dimensions(&metric.dimensions))?;
    }
    let statistic = if metric.stat.starts_with('p') { "ExtendedStatistic" } else { "Statistic" };
    writeln!(yaml, "      {statistic}: {}\n      Period: {period}", metric.stat)?;
    Ok(())
}

fn several(yaml: &mut String, math: &Math, period: u32) -> anyhow::Result<()> {
    anyhow::ensure!(math.metrics.len() <= METRICS_MAX, "an alarm adds up at most {METRICS_MAX} metrics");
    write!(
        yaml,
        "      Metrics:
        - Id: together
          Label: {}
          Expression: {}
",
        math.label, math.expression
    )?;
    for metric in &math.metrics {
        let Metric { id, namespace, name, stat, dimensions: of } = metric;
        write!(
            yaml,
            "        - Id: {id}
          ReturnData: false
          MetricStat:
            Metric: {{ Namespace: {namespace}, MetricName: {name}, Dimensions: {} }}
            Period: {period}
            Stat: {stat}
",
            dimensions(of)
        )?;
    }
    Ok(())
}

fn dimensions(of: &BTreeMap<String, String>) -> String {
    let all: Vec<String> = of.iter().map(|(name, value)| format!("{{ Name: {name}, Value: {value} }}")).collect();
    format!("[{}]", all.join(", "))
}

/// A text as lines of a comment.
fn comment(yaml: &mut String, text: &str) -> anyhow::Result<()> {
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && line.len() + word.len() >= WIDTH {
            writeln!(yaml, "      # {}", line.trim_end())?;
            line.clear();
        }
        line.push_str(word);
        line.push(' ');
    }
    if !line.is_empty() {
        writeln!(yaml, "      # {}", line.trim_end())?;
    }
    Ok(())
}
