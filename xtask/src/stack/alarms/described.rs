//! What `deployment/alarms.toml` says.

use std::collections::BTreeMap;

use serde::Deserialize;

/// An alarm adds at most so many metrics (Amazon CloudWatch user guide, "Limits").
pub(super) const METRICS_MAX: usize = 10;
/// Alarms of several metrics are not made where the parameter says that there are none.
pub(super) const WITH_MATH: &str = "HasMetricMath";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) alarm: Vec<Alarm>,
}

/// How soon a person acts.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Severity {
    /// Now.
    Page,
    /// In working hours.
    Ticket,
}

/// One alarm, or several of a kind.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Alarm {
    /// Its name, which `Alarm` follows.
    pub(super) name: String,
    pub(super) severity: Severity,
    pub(super) what: String,
    pub(super) section: String,
    pub(super) first: String,
    pub(super) why: Option<String>,
    pub(super) condition: Option<String>,
    pub(super) queue: Option<String>,
    pub(super) metric: Option<Metric>,
    pub(super) math: Option<Math>,
    pub(super) functions: Option<Functions>,
    #[serde(default)]
    pub(super) period: u32,
    #[serde(default)]
    pub(super) of: (u32, u32),
    #[serde(default)]
    pub(super) comparison: Comparison,
    #[serde(default)]
    pub(super) threshold: String,
    #[serde(default)]
    pub(super) missing: Missing,
}

#[derive(Clone, Copy, Default, Deserialize)]
pub(super) enum Comparison {
    #[default]
    #[serde(rename = ">")]
    Greater,
    #[serde(rename = ">=")]
    GreaterOrEqual,
    #[serde(rename = "<")]
    Less,
}

/// What a period without data counts as.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Missing {
    #[default]
    Good,
    Breaching,
    Ignore,
}

/// A metric, with the values of its dimensions in YAML.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Metric {
    #[serde(default)]
    pub(super) id: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) stat: String,
    #[serde(default)]
    pub(super) dimensions: BTreeMap<String, String>,
}

/// Several metrics and what is made of them.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Math {
    pub(super) label: String,
    pub(super) expression: String,
    pub(super) metrics: Vec<Metric>,
}

/// A group of functions, and what is watched of them.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Functions {
    pub(super) group: Group,
    pub(super) metrics: Vec<String>,
    pub(super) stat: String,
    /// What is made of the metrics of all functions: `SUM` or `MAX`.
    pub(super) together: String,
    /// A metric that the sum is a percentage of, if it is at least the floor.
    pub(super) per: Option<String>,
    #[serde(default)]
    pub(super) floor: u32,
    #[serde(default)]
    pub(super) unless: Vec<String>,
    /// Whether each function has an alarm, for what its alias runs.
    #[serde(default)]
    pub(super) each: bool,
    /// The threshold is so many hundredths of the function's timeout.
    pub(super) of_timeout: Option<u32>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Group {
    /// What the API calls.
    Requests,
    /// All others.
    Background,
    /// What Lambda calls asynchronously.
    Asynchronous,
    All,
}

/// What an alarm watches.
pub(super) enum Watched {
    Metric(Metric),
    Math(Math),
}
