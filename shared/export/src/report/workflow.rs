//! What an exported workflow was at its last version: state, data, and the signatures with whether they count.

use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::report::changes::values;
use crate::report::text::{fact, instant, shown};

/// The section, with a warning if there are entries that the service could not read.
pub(super) fn at_the_end(last: &Map<String, Value>, unreadable: u64) -> Markup {
    let text = |name: &str| last.get(name).map(shown);
    let facts = [
        ("Type of work", "workflow_type"),
        ("State", "to_state"),
        ("Created at (UTC)", "created_at"),
        ("Created by", "created_by"),
        ("Assigned to", "assignee"),
        ("Due at (UTC)", "due_at"),
        ("Replaces", "replaces"),
    ];
    let values = values(last);
    let signatures = last.get("signatures").and_then(Value::as_array);
    html! {
        h2 { "The workflow at version " (text("version").unwrap_or_default()) }
        @if unreadable > 0 {
            p.broken {
                "An entry of this workflow cannot be read. What stands here is what its last readable version says: compare "
                "it with the entries before you rely on the state or on a signature."
            }
        }
        table.facts {
            tbody {
                @for (words, name) in facts { @if let Some(value) = text(name) { (fact(words, &value)) } }
                @for value in &values.shown { (fact(&value.pointer, &value.to)) }
                @if values.further > 0 { (fact("Further values", &values.further.to_string())) }
            }
        }
        h2 { "Electronic signatures" }
        @match signatures.filter(|signatures| !signatures.is_empty()) {
            None => p { "The workflow has no signature." },
            Some(signatures) => table.signatures {
                thead { tr {
                    th { "Name" } th { "Meaning" } th { "When (UTC)" } th { "Signed version" } th { "Counts" }
                } }
                @for signature in signatures { (row(signature)) }
            },
        }
        @if signatures.is_some_and(|signatures| !signatures.is_empty()) {
            p.note {
                "A signature counts for the data that was signed: a later version that changes metadata or labels ends that."
            }
        }
    }
}

fn row(signature: &Value) -> Markup {
    let text = |name: &str| signature.get(name).map(shown).unwrap_or_default();
    let counts = signature.get("current").and_then(Value::as_bool).unwrap_or_default();
    html! {
        tbody { tr {
            td { strong { (text("name")) } br; (text("by")) }
            td { (text("meaning")) }
            td { (instant(&text("at"))) }
            td { (text("version")) br; code { (text("hash")) } }
            td { @if counts { "yes" } @else { "no longer" } }
        } }
    }
}
