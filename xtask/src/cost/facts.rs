//! What the costs are counted from: `deployment/cost.toml`, the template and the list of metrics.

use std::collections::BTreeMap;
use std::fs;

use anyhow::Context as _;
use serde::Deserialize;

use crate::workspace::Workspace;

/// The prices and the quantities, from the workspace's root on.
pub(crate) const PRICES: &str = "deployment/cost.toml";
const METRICS: &str = "shared/operations/src/metrics.rs";
/// The condition of what exists only for a sample subscriber, which is off by default.
const SAMPLE: &str = "Condition: HasSampleSubscriber";

/// A list price.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Price {
    pub(crate) usd: f64,
    /// Of what; what begins with `million` counts in millions.
    pub(crate) per: String,
    pub(crate) page: String,
    pub(crate) seen: String,
}

/// A number that is no price.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Quantity {
    pub(crate) value: f64,
    pub(crate) from: String,
}

/// Prices and quantities.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Table {
    pub(crate) prices: BTreeMap<String, Price>,
    pub(crate) quantities: BTreeMap<String, Quantity>,
}

/// How many of each there are, counted in the template.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    pub(crate) alarm_metrics: u32,
    pub(crate) dashboards: u32,
    pub(crate) keys: u32,
    pub(crate) routes: u32,
    pub(crate) secrets: u32,
    /// Metrics of the service itself: those without labels, and the labels of the others.
    pub(crate) plain_metrics: u32,
    pub(crate) labels: u32,
}

/// All of it.
#[derive(Debug)]
pub(crate) struct Facts {
    pub(crate) table: Table,
    pub(crate) counted: Counted,
}

impl Facts {
    /// Reads and counts.
    ///
    /// # Errors
    /// When a source is missing or not as it should be.
    pub(crate) fn of(workspace: &Workspace) -> anyhow::Result<Self> {
        let read = |path: &str| {
            fs::read_to_string(workspace.root.join(path)).with_context(|| format!("{path} cannot be read"))
        };
        let table: Table =
            toml::from_str(&read(PRICES)?).with_context(|| format!("{PRICES} is not as it should be"))?;
        for (name, price) in &table.prices {
            anyhow::ensure!(price.usd.is_finite() && price.usd > 0.0, "{PRICES}: the price {name} must be above 0");
        }
        for (name, quantity) in &table.quantities {
            let value = quantity.value;
            anyhow::ensure!(value.is_finite() && value >= 0.0, "{PRICES}: {name} must not be below 0");
        }
        Ok(Self { counted: counted(&read("template.yaml")?, &read(METRICS)?), table })
    }

    /// A price of one unit.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) fn price(&self, name: &str) -> anyhow::Result<f64> {
        let price = self.table.prices.get(name).with_context(|| format!("{PRICES} has no price {name}"))?;
        Ok(if price.per.starts_with("million ") { price.usd / 1e6 } else { price.usd })
    }

    /// A quantity.
    ///
    /// # Errors
    /// When there is none of that name.
    pub(crate) fn quantity(&self, name: &str) -> anyhow::Result<f64> {
        let found = self.table.quantities.get(name).with_context(|| format!("{PRICES} has no quantity {name}"))?;
        Ok(found.value)
    }
}

/// Counts in the text, as no other part of this program reads YAML.
fn counted(template: &str, metrics: &str) -> Counted {
    let mut counted = Counted::default();
    let (_, resources) = template.split_once("\nResources:\n").unwrap_or_default();
    // A resource begins at two spaces, all of it is further in.
    for resource in resources.split("\n\n").filter(|resource| !resource.contains(SAMPLE)) {
        let number = |what: &str| u32::try_from(resource.matches(what).count()).unwrap_or(u32::MAX);
        let is = |kind: &str| resource.contains(&format!("    Type: {kind}\n"));
        if is("AWS::CloudWatch::Alarm") {
            counted.alarm_metrics += number("MetricName: ");
        }
        counted.routes += number("          Type: HttpApi\n");
        counted.dashboards += u32::from(is("AWS::CloudWatch::Dashboard"));
        counted.keys += u32::from(is("AWS::KMS::Key"));
        counted.secrets += u32::from(is("AWS::SecretsManager::Secret"));
    }
    let listed = metrics.split_once("\nlist! {\n").map_or("", |(_, listed)| listed);
    for line in listed.lines().take_while(|line| *line != "}") {
        let labels = line.split_once('[').and_then(|(_, rest)| rest.split_once(']')).map_or("", |(labels, _)| labels);
        match u32::try_from(labels.matches('"').count() / 2).unwrap_or(u32::MAX) {
            0 => counted.plain_metrics += 1,
            labels => counted.labels += labels,
        }
    }
    counted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alarms_keys_routes_and_metrics_are_counted_and_not_those_of_the_sample_subscriber() {
        let template = "x\nResources:\n  A:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      MetricName: a\n\n  \
                        B:\n    Type: AWS::CloudWatch::Alarm\n        - { MetricName: a }\n        - { MetricName: b }\n\n  \
                        C:\n    Type: AWS::CloudWatch::Alarm\n    Condition: HasSampleSubscriber\n      MetricName: c\n\n  \
                        D:\n    Type: AWS::KMS::Key\n    Properties:\n\n  E:\n        Request:\n          Type: HttpApi\n";
        let metrics =
            "macro\nlist! {\n    A: \"A\", Count, [], \"x\";\n    B: \"B\", Count, [\"O\", \"P\"], \"y\";\n}\n";
        let expected =
            Counted { alarm_metrics: 3, keys: 1, routes: 1, plain_metrics: 1, labels: 2, ..Counted::default() };
        assert_eq!(counted(template, metrics), expected);
    }

    #[test]
    fn the_template_and_the_list_of_metrics_are_counted_at_all() {
        let facts = Facts::of(&Workspace::read().unwrap()).unwrap();
        assert!(facts.counted.alarm_metrics > 10 && facts.counted.routes > 8 && facts.counted.keys > 0, "{facts:?}");
        assert!(facts.counted.plain_metrics > 5 && facts.counted.labels > 1, "{:?}", facts.counted);
    }
}
