//! The document to print: every record of an export in words, in the order of the records.

use alims_domain::export::{ExportJob, ExportSelection};
use alims_operations::ports::ExportCounts;
use maud::{Markup, PreEscaped, html};
use serde_json::{Map, Value};
use std::collections::{BTreeSet, HashMap};

const STYLE: &str = include_str!("../archive/report.css");
/// How much of earlier versions is kept to show what the next one changed, in bytes of JSON.
const BEFORE_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The members of a version that people change.
const DATA: [&str; 4] = ["metadata", "labels", "due_at", "assignee"];

/// A report that is being written.
#[derive(Default)]
pub(crate) struct Report {
    rows: u64,
    /// The data of the last version of each workflow, as long as there is room.
    before: HashMap<String, (u64, Map<String, Value>)>,
    before_bytes: usize,
}

impl Report {
    /// The beginning: what was exported, by whom and why, up to the head of the table.
    pub(crate) fn head(job: &ExportJob, counts: ExportCounts) -> String {
        let (what, period) = match &job.selection {
            ExportSelection::Workflow(of) => (format!("All entries of the workflow {}", of.workflow_id), None),
            ExportSelection::Period(of) => {
                let kind = of.kind.map_or_else(|| "All entries".to_owned(), |kind| format!("Entries of the kind {}", kind.as_str()));
                let by = of.principal.as_ref().map_or_else(String::new, |by| format!(", of the principal {by}"));
                (format!("{kind} of a period{by}"), Some(format!("{} to {}", of.from, of.to.min(job.cut))))
            }
        };
        let fact = |name: &str, value: &str| html! { tr { th scope="row" { (name) } td { (value) } } };
        let head = html! {
            (PreEscaped("<!doctype html><html lang=\"en\">"))
            head {
                meta charset="utf-8";
                title { "Export of records " (job.export_id) }
                style { (PreEscaped(STYLE)) }
            }
            (PreEscaped("<body>"))
            h1 { "Export of electronic records" }
            table.facts {
                tbody {
                    (fact("Records", &what))
                    @if let Some(period) = &period { (fact("Period (UTC)", period)) }
                    (fact("Laboratory (tenant)", job.tenant_id.as_str()))
                    (fact("Exported by", job.requested_by.as_str()))
                    (fact("Exported at (UTC)", &job.requested_at.to_string()))
                    (fact("No entry from (UTC)", &job.cut.to_string()))
                    @if let Some(reason) = &job.reason { (fact("Reason", reason.as_str())) }
                    (fact("Entries", &counts.entries.to_string()))
                    (fact("Workflows", &counts.workflows.to_string()))
                    @if let Some(head) = &job.head {
                        (fact("Last version", &head.version.get().to_string()))
                        @if let Some(hash) = &head.hash { (fact("Hash of the last version", hash.as_str())) }
                    }
                    (fact("Export", &job.export_id.to_string()))
                }
            }
            p.note {
                "This document shows the records of the file records.jsonl in words. The records are the evidence: "
                "README.txt says how to check them, their hash chain and the signature of the export without the "
                "system that made them. All times are UTC."
            }
            h2 { "Entries, oldest first" }
            (PreEscaped("<table class=\"entries\">"))
            thead { tr { th { "No." } th { "When (UTC)" } th { "Who" } th { "What" } th { "Why" } } }
        };
        head.into_string()
    }

    /// One record.
    pub(crate) fn row(&mut self, record: Value) -> String {
        self.rows = self.rows.saturating_add(1);
        let empty = Map::new();
        let entry = record.get("entry").and_then(Value::as_object).unwrap_or(&empty);
        let text = |name: &str| entry.get(name).and_then(Value::as_str);
        let workflow = record.get("workflow_id").and_then(Value::as_str);
        let changes = workflow.map(|workflow| self.changes(workflow, entry)).unwrap_or_default();
        let hashes = ["hash", "request_hash", "outcome_hash", "content"];
        let row = html! {
            tbody {
                tr {
                    td.number { (self.rows) }
                    td.when { (record.get("at").and_then(Value::as_str).unwrap_or("not known")) }
                    td.who {
                        (text("requested_by").unwrap_or("the service"))
                        @if let Some(name) = signer(entry) { br; "(" (name) ")" }
                    }
                    td.what {
                        strong { (words(text("event_type").unwrap_or("Entry"))) }
                        @if let Some(workflow) = workflow { br; (workflow) }
                        @if let Some(version) = entry.get("version").and_then(Value::as_u64) { ", version " (version) }
                        (what(entry))
                        @for (pointer, from, to) in &changes { p.change { code { (pointer) } ": " (from) " → " (to) } }
                    }
                    td.why {
                        (text("reason").unwrap_or("—"))
                        (rules(entry))
                    }
                }
                tr.hash {
                    td {}
                    td colspan="4" {
                        @for name in hashes { @if let Some(hash) = text(name) { (name) " " code { (hash) } " " } }
                    }
                }
            }
        };
        row.into_string()
    }

    /// In the place of the entries of a large export.
    pub(crate) fn too_long() -> String {
        html! {
            tbody { tr { td colspan="5" {
                "This export has more entries than are printed. They are in records.jsonl. To print them, export shorter "
                "periods or single workflows."
            } } }
        }
        .into_string()
    }

    /// The end.
    pub(crate) fn end() -> &'static str {
        "</table><p class=\"note\">End of the document.</p></body></html>\n"
    }

    /// What a version changed, compared with the version before it, if that is in the export.
    fn changes(&mut self, workflow: &str, entry: &Map<String, Value>) -> Vec<(String, String, String)> {
        if !entry.contains_key("previous_hash") {
            return Vec::new();
        }
        let version = entry.get("version").and_then(Value::as_u64).unwrap_or_default();
        let data: Map<String, Value> =
            DATA.iter().filter_map(|name| Some(((*name).to_owned(), entry.get(*name)?.clone()))).collect();
        let mut found = Vec::new();
        let before = self.before.remove(workflow);
        if version == 1 {
            differ("", &Value::Object(Map::new()), &Value::Object(data.clone()), &mut found);
        } else if let Some((earlier, before)) = &before
            && earlier.saturating_add(1) == version
        {
            differ("", &Value::Object(before.clone()), &Value::Object(data.clone()), &mut found);
        }
        let size = |data: &Map<String, Value>| serde_json::to_vec(data).map_or(0, |json| json.len());
        self.before_bytes = self.before_bytes.saturating_sub(before.map_or(0, |(_, before)| size(&before)));
        let bytes = size(&data);
        if self.before_bytes.saturating_add(bytes) <= BEFORE_BYTES_MAX {
            self.before_bytes = self.before_bytes.saturating_add(bytes);
            self.before.insert(workflow.to_owned(), (version, data));
        }
        found
    }
}

/// Each value that differs, by its JSON pointer.
fn differ(place: &str, before: &Value, after: &Value, found: &mut Vec<(String, String, String)>) {
    if let (Value::Object(from), Value::Object(to)) = (before, after) {
        let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
        for name in names {
            let escaped = name.replace('~', "~0").replace('/', "~1");
            let none = Value::Null;
            let (from, to) = (from.get(name).unwrap_or(&none), to.get(name).unwrap_or(&none));
            let (from, to) = match (from, to) {
                (Value::Null, Value::Object(_)) => (&Value::Object(Map::new()), to),
                (Value::Object(_), Value::Null) => (from, &Value::Object(Map::new())),
                other => other,
            };
            differ(&format!("{place}/{escaped}"), from, to, found);
        }
    } else if before != after {
        found.push((place.to_owned(), shown(before), shown(after)));
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => value.to_string(),
    }
}

/// `WorkflowStateChanged` as words.
fn words(name: &str) -> String {
    let mut words = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !words.is_empty() {
            words.push(' ');
            words.extend(letter.to_lowercase());
        } else {
            words.push(letter);
        }
    }
    words
}

fn signer(entry: &Map<String, Value>) -> Option<&str> {
    entry.get("signature")?.get("signer_name")?.as_str()
}

/// What happened, as far as its kind has words for it.
fn what(entry: &Map<String, Value>) -> Markup {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let signature = entry.get("signature").and_then(Value::as_object);
    let of_signature = |name: &str| signature.and_then(|signature| signature.get(name));
    html! {
        @if let Some(to) = text("to_state") {
            p { (text("from_state").unwrap_or("(new)")) " → " (to) }
        }
        @if let Some(target) = text("target_state") { p { "refused: " (text("current_state").unwrap_or("(none)")) " → " (target) } }
        @if let Some(code) = text("code") { p { "refused by: " (code) } }
        @if let Some(meaning) = of_signature("meaning").and_then(Value::as_str) {
            p.signature {
                "Signed as " strong { (meaning) }
                @if let Some(version) = of_signature("signed_version") { ", version " (version) }
                @if let Some(comment) = of_signature("comment").and_then(Value::as_str) { ": " (comment) }
            }
        }
        @if let Some(failure) = entry.get("failure") { p { "failure: " (shown(failure)) } }
        @if let Some(fault) = entry.get("fault") { p { "fault: " (shown(fault)) } }
        @if let Some(status) = text("status") { p { "ended: " (status) } }
        @if let Some(details) = entry.get("details") { p { (shown(details)) } }
        @if text("event_type") == Some("UnreadableEntry") {
            p.broken { "The stored entry cannot be read. It was changed outside the service or damaged." }
        }
    }
}

/// The rules that allowed a version, or those that refused it.
fn rules(entry: &Map<String, Value>) -> Markup {
    let rules = entry.get("rules").and_then(Value::as_object);
    let of_rules = |name: &str| rules.and_then(|rules| rules.get(name)).and_then(Value::as_str);
    let reasons = entry.get("reasons").and_then(Value::as_array);
    html! {
        @if let Some(ruleset) = of_rules("ruleset") {
            p.rules { "Allowed by " (ruleset) " " (of_rules("ruleset_version").unwrap_or_default()) }
        }
        @for reason in reasons.into_iter().flatten() {
            p.rules { "Not met: " (reason.get("message").and_then(Value::as_str).unwrap_or("a rule")) }
        }
    }
}
