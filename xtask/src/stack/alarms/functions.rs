//! Alarms on a metric of several functions: as many as the group needs.

use std::collections::{BTreeMap, BTreeSet};

use super::described::{Alarm, Functions, Group, METRICS_MAX, Math, Metric, Watched};
use crate::stack::function::{ALIAS, Function};

/// The alarms: what each says, its name, and what it watches.
pub(super) fn alarms(
    group: &Functions,
    described: &Alarm,
    functions: &[Function],
    timeout_seconds: u32,
) -> anyhow::Result<Vec<(Alarm, String, Watched)>> {
    group.alarms(described, functions, timeout_seconds)
}

impl Functions {
    fn has(&self, function: &Function) -> bool {
        let in_group = match self.group {
            Group::Requests => function.request.is_some(),
            Group::Background => function.request.is_none(),
            Group::Asynchronous => function.asynchronous,
            Group::All => true,
        };
        in_group && !self.unless.contains(&function.name)
    }

    fn alarms(
        &self,
        described: &Alarm,
        functions: &[Function],
        timeout_seconds: u32,
    ) -> anyhow::Result<Vec<(Alarm, String, Watched)>> {
        let group: Vec<&Function> = functions.iter().filter(|function| self.has(function)).collect();
        if self.each {
            let alarms = group.iter().map(|function| self.of_one(described, function));
            return Ok(alarms.collect());
        }
        let each_needs = self.metrics.len() + usize::from(self.per.is_some());
        anyhow::ensure!((1..=METRICS_MAX).contains(&each_needs), "a function has too many metrics for an alarm");
        let mut alarms = Vec::new();
        for (threshold, part) in self.by_threshold(described, &group, timeout_seconds) {
            for functions in part.chunks(METRICS_MAX / each_needs) {
                let number = if alarms.is_empty() { String::new() } else { (alarms.len() + 1).to_string() };
                let name = format!("{}{number}", described.name);
                let alarm = Alarm { threshold: threshold.clone(), ..described.clone() };
                alarms.push((alarm, name, Watched::Math(self.math(functions))));
            }
        }
        Ok(alarms)
    }

    /// Functions with one threshold each: with one timeout, where the threshold is a part of it.
    fn by_threshold<'a>(
        &self,
        described: &Alarm,
        group: &[&'a Function],
        timeout_seconds: u32,
    ) -> Vec<(String, Vec<&'a Function>)> {
        let Some(hundredths) = self.of_timeout else {
            return vec![(described.threshold.clone(), group.to_vec())];
        };
        let timeout = |function: &Function| function.timeout_seconds.unwrap_or(timeout_seconds);
        let timeouts: BTreeSet<u32> = group.iter().map(|function| timeout(function)).collect();
        let of = |seconds: u32| group.iter().copied().filter(|function| timeout(function) == seconds).collect();
        timeouts.into_iter().map(|seconds| ((seconds * 10 * hundredths).to_string(), of(seconds))).collect()
    }

    /// What crashes, and what answers that it failed: an answer 500 or 503 is no error of the function.
    fn of_one(&self, described: &Alarm, function: &Function) -> (Alarm, String, Watched) {
        let crashed = self.metrics.iter().map(|metric| {
            let mut metric = Metric { id: "crashed".to_owned(), ..self.metric(function, metric) };
            let alias = format!("!Sub \"${{{}Function}}:{ALIAS}\"", function.pascal());
            metric.dimensions.insert("Resource".to_owned(), alias);
            metric
        });
        let dimensions = [("Stack", "!Ref AWS::StackName"), ("Operation", &function.name), ("Outcome", "failed")];
        let failed = Metric {
            id: "failed".to_owned(),
            namespace: "ALIMS".to_owned(),
            name: "Operations".to_owned(),
            stat: "Sum".to_owned(),
            dimensions: dimensions.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        };
        let math = Math {
            label: "crashes and failed answers".to_owned(),
            expression: "SUM([crashed, failed])".to_owned(),
            metrics: crashed.chain([failed]).collect(),
        };
        (described.clone(), format!("{}{}", function.pascal(), described.name), Watched::Math(math))
    }

    fn math(&self, functions: &[&Function]) -> Math {
        let of = |metric: &String| -> Vec<Metric> {
            let several = self.metrics.len() > 1 || self.per.is_some();
            let id = |function: &Function| {
                if several { format!("{}{metric}", function.camel()) } else { function.camel() }
            };
            functions.iter().map(|function| Metric { id: id(function), ..self.metric(function, metric) }).collect()
        };
        let watched: Vec<Metric> = self.metrics.iter().flat_map(of).collect();
        let per: Vec<Metric> = self
            .per
            .iter()
            .flat_map(|metric| of(metric).into_iter().map(|metric| Metric { stat: "Sum".to_owned(), ..metric }))
            .collect();
        let ids = |metrics: &[Metric]| metrics.iter().map(|metric| metric.id.as_str()).collect::<Vec<_>>().join(", ");
        let together = format!("{}([{}])", self.together, ids(&watched));
        let label = self.metrics.join(" and ");
        let (label, expression) = if per.is_empty() {
            (label, together)
        } else {
            let (floor, all) = (self.floor, format!("SUM([{}])", ids(&per)));
            (format!("{label}, in percent"), format!("IF({together} >= {floor}, 100 * {together} / {all}, 0)"))
        };
        Math { label, expression, metrics: watched.into_iter().chain(per).collect() }
    }

    fn metric(&self, function: &Function, name: &str) -> Metric {
        let dimensions = BTreeMap::from([("FunctionName".to_owned(), format!("!Ref {}Function", function.pascal()))]);
        let (namespace, name) = ("AWS/Lambda".to_owned(), name.to_owned());
        Metric { id: function.camel(), namespace, name, stat: self.stat.clone(), dimensions }
    }
}
