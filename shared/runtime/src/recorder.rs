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
        let Some(collector) = COLLECTOR.get() else { return };
        let mut lines = Vec::new();
        let written = collector.flush(&mut lines).and_then(|()| io::stdout().write_all(&lines));
        if let Err(error) = written {
            tracing::warn!(%error, "metrics could not be written");
        }
    }
}
