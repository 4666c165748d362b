//! Metrics in embedded metric format: lines on standard output, from which Amazon CloudWatch makes metrics. See
//! `docs/decisions/metrics-in-the-log.md`.

use alims_operations::metrics::{self, Unit};
use metrics_cloudwatch_embedded::{Builder, Collector};
use std::io::{self, Write};
use std::sync::OnceLock;

use crate::settings::Settings;

/// The namespace of the metrics in Amazon CloudWatch.
const NAMESPACE: &str = "ALIMS";
/// The dimension of every metric: the stack. Alarms and the dashboard of one stack see no other.
const STACK: &str = "Stack";

static COLLECTOR: OnceLock<&'static Collector> = OnceLock::new();

/// Records the metrics of this process, if the settings name a stack. Elsewhere nothing reads them.
pub(crate) fn start(settings: &Settings) {
    let Some(stack) = settings.stack() else { return };
    // Fails only when there is a recorder already, and then that one records.
    let Ok(collector) = Builder::new().cloudwatch_namespace(NAMESPACE).with_dimension(STACK, stack).init() else {
        return;
    };
    for metric in metrics::ALL {
        // To this recorder the kind of the metric is the same; it only keeps the unit.
        ::metrics::describe_counter!(metric.name, unit(metric.unit), metric.about);
    }
    let _already_set = COLLECTOR.set(collector);
}

const fn unit(unit: Unit) -> ::metrics::Unit {
    match unit {
        Unit::Count => ::metrics::Unit::Count,
        Unit::Milliseconds => ::metrics::Unit::Milliseconds,
        Unit::Seconds => ::metrics::Unit::Seconds,
        Unit::Percent => ::metrics::Unit::Percent,
    }
}

/// Writes what was recorded when it is dropped: at the end of an invocation, in whatever way that ends. Lambda freezes
/// the process after the answer, and may end it then.
pub(crate) struct WrittenAtTheEnd;

impl Drop for WrittenAtTheEnd {
    fn drop(&mut self) {
        let written = lines().and_then(|lines| io::stdout().write_all(&lines));
        if let Err(error) = written {
            tracing::warn!(%error, "metrics could not be written");
        }
    }
}

/// What was recorded since the last call, a line for each set of labels.
fn lines() -> io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    if let Some(collector) = COLLECTOR.get() {
        collector.flush(&mut lines)?;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alims_operations::metrics::{Metric, Outcome, answered};
    use serde_json::{Value, json};
    use std::time::Duration;

    fn documents() -> Vec<Value> {
        let text = String::from_utf8(lines().expect("lines")).expect("text");
        text.lines().map(|line| serde_json::from_str(line).expect("a document")).collect()
    }

    /// The document as Amazon CloudWatch wants it: "Specification: Embedded metric format".
    fn assert_conforms(document: &Value) {
        assert!(document["_aws"]["Timestamp"].is_u64(), "{document}");
        let [directive] = document["_aws"]["CloudWatchMetrics"].as_array().expect("directives").as_slice() else {
            panic!("{document}")
        };
        assert_eq!(directive["Namespace"], "ALIMS");
        let metrics = directive["Metrics"].as_array().expect("metrics");
        assert!((1..=100).contains(&metrics.len()), "{document}");
        for metric in metrics {
            let value = &document[metric["Name"].as_str().expect("a name")];
            let values = value.as_array().map_or(1, Vec::len);
            assert!((value.is_number() || value.is_array()) && (1..=100).contains(&values), "{document}");
            let listed = metrics::ALL.iter().find(|listed| json!(listed.name) == metric["Name"]).expect("in the list");
            assert_eq!(metric["Unit"], json!(format!("{:?}", listed.unit)), "{document}");
        }
        for set in directive["Dimensions"].as_array().expect("sets of dimensions") {
            let names = set.as_array().expect("names");
            assert!(names.len() <= 30 && names.contains(&json!("Stack")), "{document}");
            for name in names {
                let value = document[name.as_str().expect("a name")].as_str().expect("a text");
                assert!((1..=1024).contains(&value.len()), "{document}");
            }
        }
    }

    fn use_metric(metric: &Metric, labels: &[&'static str]) {
        match metric.unit {
            Unit::Count if metric.name != "PublisherLagVersions" => metric.add(1, labels),
            Unit::Count | Unit::Milliseconds | Unit::Seconds => metric.record(1.5, labels),
            Unit::Percent => metric.set(50.0, labels),
        }
    }

    /// One test, because a process has one recorder.
    #[tokio::test]
    async fn metrics_of_an_invocation_are_written_once_as_cloudwatch_reads_them_however_it_ends() {
        answered("before", Outcome::Done);
        start(&Settings::from_variables(|_| None));
        assert_eq!(documents(), [] as [Value; 0], "without a stack nothing is recorded");
        start(&Settings::from_variables(|name| (name == "ALIMS_STACK").then(|| "alims-test".to_owned())));

        for metric in metrics::ALL {
            use_metric(metric, ["create-workflow", "done"].get(..metric.labels.len()).expect("labels"));
        }
        (0..150).for_each(|_| metrics::RULES_LATENCY.record(1.0, &[]));
        let all = documents();
        all.iter().for_each(assert_conforms);
        for metric in metrics::ALL {
            let with_it = all.iter().filter(|document| !document[metric.name].is_null());
            assert_eq!(with_it.count(), 1, "{}", metric.name);
        }
        assert!(all.iter().all(|document| document["Stack"] == "alims-test"), "{all:?}");
        let is_count = |document: &Value| !document["Operations"].is_null();
        assert!(!documents().iter().any(is_count), "what was written is not written again");

        // An invocation that is given up at its deadline is dropped.
        let given_up = async {
            let _metrics = WrittenAtTheEnd;
            answered("recovery-step", Outcome::Failed);
            std::future::pending::<()>().await;
        };
        assert!(tokio::time::timeout(Duration::ZERO, given_up).await.is_err());
        assert!(!documents().iter().any(is_count), "it was written at the end of the invocation");
    }
}
