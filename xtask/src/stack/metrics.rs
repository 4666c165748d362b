//! The list of metrics, as `shared/operations/src/metrics.rs` has it, and its page.

use std::fmt::Write as _;
use std::fs;

use anyhow::Context as _;

use crate::workspace::Workspace;

/// The list.
const LIST: &str = "shared/operations/src/metrics.rs";
/// The page that shows it.
pub(crate) const PAGE: &str = "docs/metrics.md";

/// A metric of the list.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Metric {
    /// Its name in Amazon CloudWatch.
    pub(crate) name: String,
    /// Its unit.
    pub(crate) unit: String,
    /// The names of its dimensions beside the stack.
    pub(crate) labels: Vec<String>,
    /// What it counts or measures.
    pub(crate) about: String,
}

impl Metric {
    /// The metrics of the workspace. They are read as text: built with them, this program would take far longer.
    ///
    /// # Errors
    /// When the list is not as it should be.
    pub(crate) fn all(workspace: &Workspace) -> anyhow::Result<Vec<Self>> {
        let text = fs::read_to_string(workspace.root.join(LIST)).with_context(|| format!("{LIST} is missing"))?;
        let (_, list) = text.split_once("\nlist! {\n").with_context(|| format!("{LIST} has no list"))?;
        let (list, _) = list.split_once("\n}").with_context(|| format!("the list in {LIST} has no end"))?;
        list.lines().map(|line| Self::of(line).with_context(|| format!("{LIST}: no metric: {line}"))).collect()
    }

    /// The metric of a line such as `SWEPT: "SweptWorkflows", Count, [], "Workflows that the sweep looked at.";`.
    fn of(line: &str) -> Option<Self> {
        let (_, line) = line.trim().strip_suffix("\";")?.split_once(": \"")?;
        let (name, line) = line.split_once("\", ")?;
        let (unit, line) = line.split_once(", [")?;
        let (labels, about) = line.split_once("], \"")?;
        let labels = labels.split(", ").map(|label| label.trim_matches('"').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        Some(Self { name: name.to_owned(), unit: unit.to_owned(), labels, about: about.to_owned() })
    }
}

/// The page.
///
/// # Errors
/// When a line cannot be written.
pub(crate) fn page(metrics: &[Metric]) -> anyhow::Result<String> {
    let mut page = "# Metrics

What the functions measure, in the namespace `ALIMS` of Amazon CloudWatch, with the dimension `Stack` and the dimensions
that the table names. A metric is made from a line of a function's log in embedded metric format
([why](decisions/metrics-in-the-log.md)); the template's dashboard shows all of them. A count appears only in a minute
in which it was counted, so an alarm on one treats missing data as none.

`cargo xtask stack` writes this page from `shared/operations/src/metrics.rs`.

| metric | unit | dimensions | what it is |
|---|---|---|---|
"
    .to_owned();
    for Metric { name, unit, labels, about } in metrics {
        let labels: Vec<String> = labels.iter().map(|label| format!("`{label}`")).collect();
        writeln!(page, "| `{name}` | {unit} | {} | {about} |", labels.join(", "))?;
    }
    Ok(page)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_of_the_list_is_read_whole_or_not_at_all() {
        let metric = Metric::of("    A: \"As\", Count, [\"B\", \"C\"], \"Things, by B.\";").unwrap();
        assert_eq!(
            (metric.name.as_str(), metric.unit.as_str(), metric.about.as_str()),
            ("As", "Count", "Things, by B.")
        );
        assert_eq!(metric.labels, ["B", "C"]);
        assert_eq!(Metric::of("    A: \"As\", Count, [], \"Things.\";").unwrap().labels, [] as [&str; 0]);
        for wrong in ["A: \"As\", Count, \"Things.\";", "A: \"As\", Count, [], \"Things.\"", "", "// A"] {
            assert_eq!(Metric::of(wrong), None, "{wrong}");
        }
    }
}
