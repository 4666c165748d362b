//! The metrics of the service: one list of names, units and meanings. Alarms, the dashboard and the documentation use
//! the same names. Without a recorder, which the runtime of a function installs, they go nowhere.

use alims_domain::recovery::outcome::OutcomeStatus;
use metrics::{Label, counter, gauge, histogram};

/// The unit of a metric, as Amazon CloudWatch names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
    /// Seconds.
    Seconds,
    /// A share of a hundred.
    Percent,
}

/// What became of a request or an event. It is a label, so it has few values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The operation did what was asked, or there was nothing to do.
    Done,
    /// The operation refused: the caller must change something.
    Refused,
    /// The operation could not do it now, or has a bug.
    Failed,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Failed => "failed",
        }
    }
}

/// What became of one item of a batch. It is a label, so it has few values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum BatchOutcome {
    /// The transition was made, or a dry run would make it.
    Moved,
    /// It was refused: the caller must change something.
    Refused,
    /// The service could not decide it now, or does not know its effect.
    Failed,
    /// There was no time to begin it.
    NotReached,
}

impl BatchOutcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Moved => "moved",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::NotReached => "not-reached",
        }
    }
}

/// Counts what became of one request or event of an operation.
pub fn answered(operation: &'static str, outcome: Outcome) {
    OPERATIONS.add(1, &[operation, outcome.as_str()]);
}

/// Counts what became of the items of a batch.
pub fn batched(outcome: BatchOutcome, number: u64) {
    if number > 0 {
        BATCH_ITEMS.add(number, &[outcome.as_str()]);
    }
}

/// Counts a recovery that ended.
pub(crate) fn recovered(outcome: OutcomeStatus) {
    let outcome = match outcome {
        OutcomeStatus::Recovered => "recovered",
        OutcomeStatus::AlreadyConsistent => "already-consistent",
        OutcomeStatus::Refused => "refused",
        OutcomeStatus::Quarantined => "quarantined",
        OutcomeStatus::GaveUp => "gave-up",
    };
    RECOVERIES.add(1, &[outcome]);
}

/// A metric. Its labels, where it has some, become dimensions in Amazon CloudWatch, so their values must be few.
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// Its name in Amazon CloudWatch.
    pub name: &'static str,
    /// The unit of its values.
    pub unit: Unit,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// What it counts or measures.
    pub about: &'static str,
}

impl Metric {
    /// Adds to a counter.
    pub fn add(&self, number: u64, labels: &[&'static str]) {
        counter!(self.name, self.labelled(labels)).increment(number);
    }

    /// Records one measurement.
    pub fn record(&self, value: f64, labels: &[&'static str]) {
        histogram!(self.name, self.labelled(labels)).record(value);
    }

    /// Says how much there is now.
    pub fn set(&self, value: f64, labels: &[&'static str]) {
        gauge!(self.name, self.labelled(labels)).set(value);
    }

    fn labelled(&self, values: &[&'static str]) -> Vec<Label> {
        debug_assert_eq!(self.labels.len(), values.len(), "the labels of {}", self.name);
        self.labels.iter().zip(values).map(|(name, value)| Label::from_static_parts(name, value)).collect()
    }
}

macro_rules! list {
    ($($id:ident: $name:literal, $unit:ident, [$($label:literal),*], $about:literal;)*) => {
        $(
            #[doc = $about]
            pub const $id: Metric =
                Metric { name: $name, unit: Unit::$unit, labels: &[$($label),*], about: $about };
        )*

        /// All metrics.
        pub const ALL: &[Metric] = &[$($id),*];
    };
}

list! {
    OPERATIONS: "Operations", Count, ["Operation", "Outcome"], "Requests and events that an operation answered, by outcome: done, refused or failed.";
    BATCH_ITEMS: "BatchItems", Count, ["Outcome"], "Transitions that batches asked for, by outcome: moved, refused, failed or not-reached.";
    REFUSALS: "Refusals", Count, ["Code"], "Requests and items of batches that were answered with a problem, by its code.";
    CONFLICTS: "Conflicts", Count, [], "Writes that lost to another writer of the same workflow.";
    RULES_LATENCY: "RulesLatency", Milliseconds, [], "Time of one evaluation by the rules engine.";
    EVENTS_PUBLISHED: "EventsPublished", Count, [], "Events that the bus took.";
    EVENTS_REFUSED: "EventsRefused", Count, [], "Events that the bus refuses for good.";
    PUBLISHER_LAG_VERSIONS: "PublisherLagVersions", Count, [], "Versions of a workflow that were unpublished when the publisher looked.";
    PUBLISHER_LAG: "PublisherLag", Seconds, [], "Age of a workflow's oldest unpublished event when the bus took it.";
    LOG_CHANGES: "LogChanges", Count, [], "Items of the log that somebody changed or removed.";
    QUARANTINES: "Quarantines", Count, [], "Workflows that were quarantined.";
    RECOVERIES: "Recoveries", Count, ["Outcome"], "Recoveries that ended, by outcome.";
    SWEPT: "SweptWorkflows", Count, [], "Workflows that the sweep looked at.";
    SWEEP_BEHIND: "WorkflowsBehind", Count, [], "Workflows that the sweep found behind.";
    SWEEP_COVERAGE: "SweepCoverage", Percent, [], "Share of the open workflows that the last sweep compared.";
    SWEEP_ROUND: "SweepRound", Seconds, [], "Time since the sweep had looked at every workflow.";
    DEADLINES_DUE: "OverdueWorkflows", Count, [], "Due workflows that the index named to a sweep of due dates.";
    OVERDUE_NOTED: "OverdueNoted", Count, [], "Workflows that were found overdue: once for each due date.";
    DEADLINES_FAILED: "DeadlinesFailed", Count, [], "Due workflows that a sweep could not read or record.";
    ANCHORED: "AnchoredEntries", Count, [], "Entries of the log that new anchors name.";
    ANCHORS_FAILED: "AnchorsFailed", Count, [], "Tenants for which a run could make no anchor.";
    DEADLINES_ROUND: "DeadlineRound", Seconds, [], "Time since a sweep had looked at every due workflow.";
}
