//! The document to print: every record of an export in words, in the order of the records.

mod changes;
mod entry;
mod text;
mod workflow;

use alims_domain::export::{ExportJob, ExportSelection};
use alims_operations::ports::ExportCounts;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use serde_json::{Map, Value};

use changes::Changes;
use text::{fact, visible};

const STYLE: &str = include_str!("../../archive/report.css");

/// A report that is being written.
#[derive(Default)]
pub(crate) struct Report {
    rows: u64,
    changes: Changes,
    unreadable: u64,
    /// Of an export of one workflow: the last version so far.
    last: Option<Map<String, Value>>,
}

impl Report {
    /// The beginning: what was exported, by whom and why, up to the first entry.
    pub(crate) fn head(job: &ExportJob, counts: ExportCounts, unreadable: u64) -> String {
        let (what, period) = match &job.selection {
            ExportSelection::Workflow(of) => (format!("All entries of the workflow {}", of.workflow_id), None),
            ExportSelection::Period(of) => {
                let kind =
                    of.kind.map_or("All entries".to_owned(), |kind| format!("Entries of the kind {}", kind.as_str()));
                let by = of.principal.as_ref().map_or_else(String::new, |by| format!(" by {by}"));
                (format!("{kind}{by} of a period"), Some(format!("{} until before {}", of.from, of.to.min(job.cut))))
            }
        };
        let head = html! {
            (DOCTYPE)
            (PreEscaped("<html lang=\"en\">"))
            head {
                meta charset="utf-8";
                title { "Export " (job.export_id) }
                style { (PreEscaped(STYLE)) (PreEscaped(on_every_page(job))) }
            }
            (PreEscaped("<body>"))
            h1 { "Export of electronic records" }
            table.facts {
                tbody {
                    (fact("Records", &what))
                    @if let Some(period) = &period { (fact("Period", period)) }
                    (fact("Laboratory (tenant)", job.tenant_id.as_str()))
                    (fact("Exported by", job.requested_by.as_str()))
                    (fact("Exported at", &job.requested_at.to_string()))
                    @if let Some(reason) = &job.reason { (fact("Reason", reason.as_str())) }
                    (fact("Number of entries", &counts.entries.to_string()))
                    @if job.workflow().is_none() { (fact("Number of workflows", &counts.workflows.to_string())) }
                    @if let Some(head) = &job.head {
                        (fact("Last version", &head.version.get().to_string()))
                        @if let Some(hash) = &head.hash { (fact("Hash of the last version", hash.as_str())) }
                    }
                    (fact("Export", &job.export_id.to_string()))
                    (fact("Made by", concat!("ALIMS Workflow Manager, release ", env!("CARGO_PKG_VERSION"))))
                }
            }
            @if unreadable > 0 {
                p.broken {
                    "Entries that the service could not read: " (unreadable) ". Each stands among the others and says so. "
                    "They were changed outside the service, or damaged: what they said is not in this export."
                }
            }
            p.note {
                "This document shows the records of the file records.jsonl in words. The number of an entry is its line in "
                "that file. The records are the evidence, and this document is a reading aid: README.txt says how to check "
                "the records, their hash chain and the signature of the export without the system that made them. All times "
                "are in UTC."
            }
            h2 { "Entries, oldest first" }
            (PreEscaped("<table class=\"entries\">"))
            thead { tr { th { "No." } th { "When (UTC)" } th { "Who" } th { "What" } th { "Why, and by which rules" } } }
        };
        visible(&head.into_string())
    }

    /// One record.
    pub(crate) fn row(&mut self, job: &ExportJob, record: Value) -> String {
        self.rows = self.rows.saturating_add(1);
        let Value::Object(mut record) = record else { return String::new() };
        let entry = match record.remove("entry") {
            Some(Value::Object(entry)) => entry,
            Some(_) | None => Map::new(),
        };
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        let workflow = text("workflow_id");
        let changes = workflow.map(|workflow| self.changes.of(workflow, &entry)).unwrap_or_default();
        if is_unreadable(entry.get("event_type").and_then(Value::as_str)) {
            self.unreadable = self.unreadable.saturating_add(1);
        }
        let row = visible(&entry::row(self.rows, text("at"), workflow, &entry, &changes).into_string());
        if job.workflow().is_some() && entry.contains_key("previous_hash") {
            self.last = Some(entry);
        }
        row
    }

    /// The end: of an export of one workflow, what the workflow was then.
    pub(crate) fn end(&self) -> String {
        let end = html! {
            (PreEscaped("</table>"))
            @if let Some(last) = &self.last { (workflow::at_the_end(last, self.unreadable)) }
            (ended())
        };
        visible(&end.into_string())
    }

    /// In the place of the entries of a large export.
    pub(crate) fn too_long() -> String {
        let end = html! {
            tbody { tr { td colspan="5" {
                "This export has more entries than this document shows. All are in records.jsonl. To print them, export "
                "shorter periods or single workflows."
            } } }
            (PreEscaped("</table>"))
            (ended())
        };
        end.into_string()
    }
}

/// Whether an entry with this name is one that the service could not read.
pub(crate) fn is_unreadable(event_type: Option<&str>) -> bool {
    event_type == Some("UnreadableEntry")
}

fn ended() -> Markup {
    html! { p.end { "End of the document" } (PreEscaped("</body></html>\n")) }
}

/// Each printed page names its export. An id and an instant have no characters that mean something in CSS.
fn on_every_page(job: &ExportJob) -> String {
    format!(
        "@page {{ @top-right {{ content: \"Export {}\"; }} @bottom-left {{ content: \"Exported at {} (UTC)\"; }} }}",
        job.export_id, job.requested_at
    )
}
