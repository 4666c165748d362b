//! The model: what a month of the service costs, part by part.

use crate::cost::facts::Facts;

/// Seconds of a month, as AWS counts one: 730 hours.
const MONTH_SECONDS: f64 = 730.0 * 3600.0;
const GB: f64 = 1e9;
/// Bytes of a write request unit, of a read request unit, and of what counts as one event or one message.
const WRITE_UNIT: f64 = 1024.0;
const READ_UNIT: f64 = 4096.0;
const EVENT_UNIT: f64 = 65536.0;
/// The memory of a function.
const MEMORY_GB: f64 = 0.5;

/// What may be chosen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Choice {
    pub(crate) transitions_per_second: f64,
    /// Metadata beyond that of the measured workflow.
    pub(crate) more_metadata_bytes: f64,
    /// How long the service has run at this rate, at the end of the month that is counted.
    pub(crate) months: f64,
    pub(crate) infrequent_access: bool,
    pub(crate) quiet_logs: bool,
    pub(crate) archive: bool,
    pub(crate) sample_subscriber: bool,
    pub(crate) detailed_metrics: bool,
    pub(crate) traces: bool,
    pub(crate) data_events: bool,
    pub(crate) backups: bool,
}

impl Choice {
    /// The first month with the template's defaults.
    pub(crate) const fn defaults(transitions_per_second: f64) -> Self {
        Self {
            transitions_per_second,
            more_metadata_bytes: 0.0,
            months: 1.0,
            infrequent_access: false,
            quiet_logs: false,
            archive: true,
            sample_subscriber: false,
            detailed_metrics: true,
            traces: false,
            data_events: false,
            backups: true,
        }
    }
}

/// A part of the bill.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Part {
    /// Its name in the JSON output.
    pub(crate) id: &'static str,
    pub(crate) what: &'static str,
    pub(crate) dollars: f64,
}

/// The sum of a bill.
pub(crate) fn total(parts: &[Part]) -> f64 {
    parts.iter().map(|part| part.dollars).sum()
}

/// The bill of one month.
///
/// # Errors
/// When a price or a quantity is missing.
pub(crate) fn bill(facts: &Facts, choice: &Choice) -> anyhow::Result<Vec<Part>> {
    let (price, number) = (|name: &str| facts.price(name), |name: &str| facts.quantity(name));
    let moves = choice.transitions_per_second * MONTH_SECONDS;
    let reads = moves * number("reads_per_transition")?;
    let batches = choice.transitions_per_second.min(number("publish_batches_per_second_max")?) * MONTH_SECONDS;
    let event = number("event_bytes")? + choice.more_metadata_bytes;
    let seconds = (moves + reads) * number("request_ms")? / 1e3 + batches * number("publish_ms")? / 1e3;
    let logged = logged_bytes(facts, choice, (moves + reads, batches))? / GB;
    let archived = moves * event / GB;
    let recoveries = moves * number("failures_per_transition")?;
    let counted = &facts.counted;
    let custom = f64::from(counted.plain_metrics) + f64::from(counted.labels) * number("metric_label_values")?;
    let routes = f64::from(counted.routes) * number("metrics_per_route")?;
    let answers = (moves + reads) * (number("answer_bytes")? + choice.more_metadata_bytes) / GB;
    let kept = |months: f64| months.min(choice.months);
    let mut parts = tables(facts, choice)?;
    let mut add = |id, what, dollars| parts.push(Part { id, what, dollars });
    add(
        "lambda",
        "Lambda",
        (moves + reads + batches) * price("lambda_requests")? + seconds * MEMORY_GB * price("lambda_time")?,
    );
    add("api", "HTTP API", (moves + reads) * price("api_requests")?);
    add("data_out", "data to the internet", answers * price("data_out")?);
    add("events", "EventBridge: events", moves * (event / EVENT_UNIT).ceil() * price("events")?);
    let stored = archived * kept(number("archive_months")?) * price("archive_storage")?;
    let archive = archived * price("archive_taken")? + stored;
    add("archive", "EventBridge: archive", if choice.archive { archive } else { 0.0 });
    let kept_logs =
        logged * kept(number("log_retention_months")?) * number("log_compression")? * price("logs_storage")?;
    add("logs", "CloudWatch: logs", logged * price("logs_taken")? + kept_logs);
    add("metrics", "CloudWatch: metrics of the service", custom * price("custom_metrics")?);
    let detailed = routes * price("custom_metrics")?;
    add("route_metrics", "CloudWatch: metrics of each route", if choice.detailed_metrics { detailed } else { 0.0 });
    let watched = f64::from(counted.alarm_metrics) * price("alarms")?;
    add("alarms", "CloudWatch: alarms and dashboard", watched + f64::from(counted.dashboards) * price("dashboards")?);
    let key_uses = number("key_uses_per_second")? * MONTH_SECONDS * price("key_requests")?;
    add(
        "keys",
        "KMS and Secrets Manager",
        f64::from(counted.keys) * price("keys")? + key_uses + f64::from(counted.secrets) * price("secrets")?,
    );
    add(
        "recoveries",
        "Step Functions: recoveries",
        recoveries * number("machine_steps")? * price("machine_transitions")?,
    );
    let sample = moves * (event / EVENT_UNIT).ceil() * price("queue_requests")?;
    add("sample_subscriber", "sample subscriber", if choice.sample_subscriber { sample } else { 0.0 });
    let traced = (moves + reads) * number("trace_share")? * price("traces")?;
    add("traces", "X-Ray", if choice.traces { traced } else { 0.0 });
    add(
        "data_events",
        "CloudTrail: writes to the log",
        if choice.data_events { moves * price("data_events")? } else { 0.0 },
    );
    Ok(parts)
}

/// The bytes of all log lines of so many requests and batches of the publisher.
fn logged_bytes(facts: &Facts, choice: &Choice, (requests, batches): (f64, f64)) -> anyhow::Result<f64> {
    let own = if choice.quiet_logs { 0.0 } else { 1.0 };
    let invocation = facts.quantity("invocation_log_bytes")?;
    let request = own * facts.quantity("request_log_bytes")? + invocation + facts.quantity("gateway_log_bytes")?;
    Ok(requests * request + batches * (own * facts.quantity("publish_log_bytes")? + invocation))
}

/// The bytes of the log's table after the months of a choice.
///
/// # Errors
/// When a quantity is missing.
pub(crate) fn log_bytes(facts: &Facts, choice: &Choice) -> anyhow::Result<f64> {
    let item = facts.quantity("version_item_bytes")? + choice.more_metadata_bytes;
    Ok(choice.transitions_per_second * MONTH_SECONDS * choice.months * item)
}

/// The write request units of the log for one version.
///
/// # Errors
/// When a quantity is missing.
pub(crate) fn write_units(facts: &Facts, choice: &Choice) -> anyhow::Result<f64> {
    if choice.more_metadata_bytes > 0.0 {
        return Ok(((facts.quantity("version_item_bytes")? + choice.more_metadata_bytes) / WRITE_UNIT).ceil());
    }
    // The mean of units is not the unit of the mean: a version grows with the keys of requests that it remembers.
    facts.quantity("version_write_units")
}

fn tables(facts: &Facts, choice: &Choice) -> anyhow::Result<Vec<Part>> {
    let (price, number) = (|name: &str| facts.price(name), |name: &str| facts.quantity(name));
    let moves = choice.transitions_per_second * MONTH_SECONDS;
    let item = number("version_item_bytes")? + choice.more_metadata_bytes;
    let item_units = (item / READ_UNIT).ceil();
    // Of the queries of a request one reads a version, and the other finds no record: a unit all the same.
    let request = item_units + number("read_queries")? - 1.0;
    let publisher = item_units + number("published_queries")? - 1.0;
    let read = moves * (request * (1.0 + number("reads_per_transition")?) + publisher);
    // A secondary index has the class of its table.
    let log_writes = moves * (write_units(facts, choice)? + number("activity_writes")?);
    let entry = (number("index_entry_bytes")? / WRITE_UNIT).ceil();
    let index_writes = moves * number("index_writes")? * entry;
    let of_class =
        |name: &str| price(&if choice.infrequent_access { format!("{name}_infrequent") } else { name.to_owned() });
    let requests =
        log_writes * of_class("write_units")? + index_writes * price("write_units")? + read * of_class("read_units")?;
    let gb = log_bytes(facts, choice)? / GB;
    let copies = (number("warm_backups")?).min(choice.months * 4.0) * price("backup_warm")?
        + number("cold_backups")?.min((choice.months - 1.0).max(0.0)) * price("backup_cold")?;
    let part = |id, what, dollars| Part { id, what, dollars };
    Ok(vec![
        part("table_requests", "DynamoDB: reads and writes", requests),
        part("table_storage", "DynamoDB: the log", gb * of_class("table_storage")?),
        part("point_in_time_recovery", "DynamoDB: point-in-time recovery", gb * price("point_in_time_recovery")?),
        part("backups", "AWS Backup", if choice.backups { gb * copies } else { 0.0 }),
    ])
}
