//! The dashboard, from the list of metrics, the functions and the queues, so that it shows all of them.

use anyhow::Context as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;

use super::function::Function;
use super::metrics::Metric;

/// A row of the dashboard: its title, and the metrics of this service in it.
const ROWS: &[(&str, &[&str])] = &[
    ("Traffic and refusals", &["Operations", "BatchItems", "Refusals"]),
    ("Conflicts and rules", &["Conflicts", "RulesLatency"]),
    ("Publisher", &["EventsPublished", "EventsRefused", LAG_VERSIONS, "PublisherLag"]),
    ("Sweeps", &["SweptWorkflows", "WorkflowsBehind", "SweepCoverage", "SweepRound"]),
    ("Due dates", &["OverdueWorkflows", "OverdueNoted", "DeadlinesFailed", "DeadlineRound"]),
    ("Anchors", &["AnchoredEntries", "AnchorsFailed"]),
    ("Quarantines and recoveries", &["Quarantines", "LogChanges", "Recoveries"]),
];

/// It counts, and yet its values are not to be added up.
const LAG_VERSIONS: &str = "PublisherLagVersions";

/// The width of a dashboard.
const COLUMNS: usize = 24;
const HEIGHT: usize = 6;

/// The resource of the template.
///
/// # Errors
/// When a metric stands in no row, a row has one that is not in the list, or no queue is found.
pub(crate) fn resource(metrics: &[Metric], functions: &[Function], shared: &str) -> anyhow::Result<String> {
    let is_shown = |metric: &&Metric| ROWS.iter().any(|(_, row)| row.contains(&metric.name.as_str()));
    let missing = metrics.iter().find(|metric| !is_shown(metric));
    anyhow::ensure!(missing.is_none(), "the dashboard has no row for {missing:?}");
    let (mut widgets, mut top) = (Vec::new(), 0);
    for (title, row) in ROWS {
        let row = row.iter().map(|name| {
            let metric = metrics.iter().find(|metric| metric.name == *name);
            metric.map(of_this_service).with_context(|| format!("the dashboard shows {name}, which is no metric"))
        });
        place(&mut widgets, &mut top, title, row.collect::<anyhow::Result<_>>()?);
    }
    place(&mut widgets, &mut top, "Dead letters and the tables", vec![dead_letters(shared)?, throttles()]);
    place(&mut widgets, &mut top, "Functions", of_the_functions(functions));
    place(&mut widgets, &mut top, "The API and recoveries", vec![answers(), latency(), executions()]);
    // A line for each widget: a change shows as one.
    let widgets: Vec<String> = widgets.iter().map(|widget| format!("            {}", sorted(widget))).collect();
    let body = format!("          {{\"widgets\": [\n{}\n          ]}}\n", widgets.join(",\n"));
    Ok(format!(
        "  Dashboard:
    Type: AWS::CloudWatch::Dashboard
    Properties:
      DashboardName: !Sub ${{AWS::StackName}}-${{AWS::Region}}
      # Amazon CloudWatch user guide, \"Dashboard body structure and syntax\".
      DashboardBody: !Sub
        - |
{body}        - LogInUse: !Ref LogTable
"
    ))
}

/// The same with the members of each object in the order of their names. The order in which `Value` keeps them depends on
/// features that other packages of a build choose.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, Value> = members.iter().map(|(name, value)| (name, sorted(value))).collect();
            members.into_iter().map(|(name, value)| (name.clone(), value)).collect()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

/// Adds a title and a row of widgets, each as wide as the others.
fn place(widgets: &mut Vec<Value>, top: &mut usize, title: &str, row: Vec<Value>) {
    let text = json!({ "markdown": format!("## {title}") });
    widgets.push(json!({ "type": "text", "x": 0, "y": *top, "width": COLUMNS, "height": 1, "properties": text }));
    let width = COLUMNS / row.len().max(1);
    for (number, properties) in row.into_iter().enumerate() {
        widgets.push(json!({
            "type": "metric", "x": number * width, "y": *top + 1, "width": width, "height": HEIGHT,
            "properties": properties,
        }));
    }
    *top += HEIGHT + 1;
}

fn graph(title: &str, statistic: &str, metrics: Vec<Value>) -> Value {
    json!({
        "title": title, "view": "timeSeries", "region": "${AWS::Region}", "period": 60, "stat": statistic,
        "metrics": metrics,
    })
}

/// A metric of this service, a line for each value of its labels.
fn of_this_service(metric: &Metric) -> Value {
    let statistic = match metric.unit.as_str() {
        "Milliseconds" => "p99",
        "Count" if metric.name != LAG_VERSIONS => "Sum",
        _ => "Maximum",
    };
    let dimensions = std::iter::once("Stack").chain(metric.labels.iter().map(String::as_str));
    let dimensions = dimensions.collect::<Vec<_>>().join(",");
    let found = format!("{{ALIMS,{dimensions}}} MetricName=\"{}\" Stack=\"${{AWS::StackName}}\"", metric.name);
    let expression = json!([{ "expression": format!("SEARCH('{found}', '{statistic}', 60)") }]);
    graph(&format!("{}: {}", metric.name, metric.about), statistic, vec![expression])
}

/// The queues of dead letters that every stack has.
fn dead_letters(shared: &str) -> anyhow::Result<Value> {
    let lines: Vec<&str> = shared.lines().collect();
    let queues = lines.windows(3).filter_map(|lines| match lines {
        [name, "    Type: AWS::SQS::Queue", next] if !next.starts_with("    Condition:") => {
            name.strip_prefix("  ")?.strip_suffix(':')
        }
        _ => None,
    });
    let metrics: Vec<Value> = queues
        .map(|queue| {
            let name = format!("${{{queue}.QueueName}}");
            json!(["AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName", name, { "label": queue }])
        })
        .collect();
    anyhow::ensure!(!metrics.is_empty(), "no queue of dead letters was found");
    Ok(graph("Dead letters that wait for a person", "Maximum", metrics))
}

fn throttles() -> Value {
    // The log in use has no name in a text: the body gets it as a variable.
    let events = ["ReadThrottleEvents", "WriteThrottleEvents"];
    let of_tables =
        [("LogTable", "LogInUse"), ("IndexTable", "IndexTable")].into_iter().flat_map(|(table, variable)| {
            events.map(|metric| {
                let label = format!("{table} {metric}");
                json!(["AWS/DynamoDB", metric, "TableName", format!("${{{variable}}}"), { "label": label }])
            })
        });
    // A secondary index counts apart from its table.
    let of_the_index = ["by-state", "open-workflows", "by-creation", "by-due-date", "by-term"];
    let indexes = of_the_index.map(|index| ("IndexTable", index)).into_iter().chain([("LogInUse", "by-day")]);
    let of_indexes = indexes.flat_map(|(table, index)| {
        events.map(|metric| {
            let label = json!({ "label": format!("{index} {metric}") });
            let name = "GlobalSecondaryIndexName";
            json!(["AWS/DynamoDB", metric, "TableName", format!("${{{table}}}"), name, index, label])
        })
    });
    graph("Throttled calls of the tables", "Sum", of_tables.chain(of_indexes).collect())
}

/// Durations, concurrency, and errors of every function.
fn of_the_functions(functions: &[Function]) -> Vec<Value> {
    let each = |title: &str, metric: &str, statistic: &str| {
        let metrics = functions.iter().map(|function| {
            let name = format!("${{{}Function}}", function.pascal());
            json!(["AWS/Lambda", metric, "FunctionName", name, { "label": function.name }])
        });
        graph(title, statistic, metrics.collect())
    };
    vec![
        each("Duration, milliseconds", "Duration", "p99"),
        each("Concurrent executions", "ConcurrentExecutions", "Maximum"),
        each("Errors", "Errors", "Sum"),
        each("Throttles", "Throttles", "Sum"),
    ]
}

fn answers() -> Value {
    let metrics = ["Count", "4xx", "5xx"].map(|metric| json!(["AWS/ApiGateway", metric, "ApiId", "${Api}"]));
    graph("Answers of the API", "Sum", metrics.to_vec())
}

fn latency() -> Value {
    let metrics = ["Latency", "IntegrationLatency"].map(|metric| json!(["AWS/ApiGateway", metric, "ApiId", "${Api}"]));
    graph("Latency of the API, milliseconds", "p99", metrics.to_vec())
}

fn executions() -> Value {
    let metrics = ["ExecutionsStarted", "ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut"];
    let metrics = metrics.map(|metric| json!(["AWS/States", metric, "StateMachineArn", "${RecoveryMachine}"]));
    graph("Executions of recoveries", "Sum", metrics.to_vec())
}

/// The saved queries of the logs.
pub(crate) fn queries(functions: &[Function]) -> String {
    let groups: String =
        functions.iter().map(|function| format!("        - !Ref {}LogGroup\n", function.pascal())).collect();
    let fields = "@timestamp, operation, message, status, code, why, key, workflow_id, version, recovery_id";
    let query = |id: &str, name: &str, filter: &str| {
        format!(
            "  {id}:
    Type: AWS::Logs::QueryDefinition
    Condition: HasLogQueries
    Properties:
      Name: !Sub alims/${{AWS::StackName}}/{name}
      LogGroupNames:
{groups}      QueryString: |
        fields {fields}, request_id, correlation_id
        | filter {filter}
        | sort @timestamp asc
"
        )
    };
    let id = "correlation_id = \"PUT THE ID HERE\"";
    let followed = query("FollowCorrelationQuery", "follow one correlation id", id);
    let request = query("FollowRequestQuery", "follow one request id", &id.replace("correlation_id", "request_id"));
    format!("{followed}\n{request}")
}
