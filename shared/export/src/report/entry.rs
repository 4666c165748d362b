//! An entry in words.

use alims_domain::event::AppliedRules;
use maud::{Markup, html};
use serde_json::{Map, Value};

use crate::report::changes::Changed;
use crate::report::text::{instant, said, shown};

/// The hashes of an entry, and what they are called.
const HASHES: [(&str, &str); 4] = [
    ("hash", "Hash"),
    ("request_hash", "Hash of the request"),
    ("outcome_hash", "Hash of the outcome"),
    ("content", "Hash of what is stored"),
];

/// The rows of an entry: they stay on one page.
pub(super) fn row(
    number: u64,
    at: Option<&str>,
    workflow: Option<&str>,
    entry: &Map<String, Value>,
    changed: &Changed,
) -> Markup {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    html! {
        tbody {
            tr {
                td.number { (number) }
                td.when { (instant(at.unwrap_or("not known"))) }
                td.who { (who(entry)) }
                td.what {
                    strong { (title(entry)) }
                    @if let Some(workflow) = workflow {
                        p.of {
                            (workflow)
                            @if let Some(version) = entry.get("version").and_then(Value::as_u64) { ", version " (version) }
                        }
                    }
                    (what(entry))
                    (signature(entry))
                    @if changed.is_whole {
                        p { "The version before this one is not in this export. This is the data of this version:" }
                    }
                    @for change in &changed.shown {
                        p.change {
                            code { (change.pointer) } ": "
                            @if !changed.is_whole { bdi { (said(&change.from)) } " → " }
                            bdi { (said(&change.to)) }
                        }
                    }
                    @if changed.further > 0 { p.change { "and " (changed.further) " further changes" } }
                }
                td.why {
                    p { (text("reason").unwrap_or("—")) }
                    (rules(entry))
                }
            }
            tr.hash {
                td {}
                td colspan="4" {
                    @for (name, words) in HASHES { @if let Some(hash) = text(name) { (words) " " code { (hash) } " " } }
                }
            }
        }
    }
}

/// Who did it, if the entry can be read.
fn who(entry: &Map<String, Value>) -> &str {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let unnamed = if text("event_type") == Some("UnreadableEntry") { "not known" } else { "the service" };
    text("requested_by").unwrap_or(unnamed)
}

/// `WorkflowStateChanged` as words.
fn title(entry: &Map<String, Value>) -> String {
    let name = entry.get("event_type").and_then(Value::as_str).unwrap_or("Entry");
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

/// What happened, as far as its kind has words for it.
fn what(entry: &Map<String, Value>) -> Markup {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let is = |name: &str| text("event_type") == Some(name);
    html! {
        @if is("WorkflowCreated") { @if let Some(kind) = text("workflow_type") { p { "Type of work: " (kind) } } }
        @if let Some(to) = text("to_state") {
            @if text("from_state") != Some(to) { p { (text("from_state").unwrap_or("(new)")) " → " (to) } }
        }
        @if is("WorkflowTransitionRefused") { (refused(entry)) }
        @if let Some(failure) = entry.get("failure").and_then(Value::as_object) { (failed(failure)) }
        @if let Some(context) = entry.get("validation_context") { p { "Checked with: " (shown(context)) } }
        @if let Some(replaces) = text("replaces") { p { "Replaces the workflow " (replaces) } }
        @if is("WorkflowQuarantined") || is("WorkflowReleased") {
            p {
                "Break at version " (entry.get("broken_at_version").map(shown).unwrap_or_default())
                ": " (text("fault").unwrap_or("not known"))
            }
        }
        @if is("RecoveryAttempt") { (recovery(entry)) }
        @if is("WorkflowOverdue") { p { "Due at " (said(text("due_at").unwrap_or(""))) } }
        @if let Some(details) = entry.get("details").and_then(Value::as_object) {
            @for (name, value) in details { p { (name.replace('_', " ")) ": " (said(&shown(value))) } }
        }
        @if let Some(resumes) = entry.get("resumes").and_then(|resumes| resumes.get("from_version")) {
            p { "Continues from version " (shown(resumes)) ", because the versions between were released as unreadable" }
        }
        @if is("UnreadableEntry") {
            p.broken { "The stored entry cannot be read: it was changed outside the service, or damaged." }
        }
    }
}

fn refused(entry: &Map<String, Value>) -> Markup {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    html! {
        @if let Some(operation) = text("operation") { p { "Asked for: " (operation) } }
        @if let Some(target) = text("target_state") { p { "Not done: " (text("current_state").unwrap_or("(none)")) " → " (target) } }
        @if let Some(code) = text("code") { p { "Refused: " (code) } }
    }
}

fn failed(failure: &Map<String, Value>) -> Markup {
    let text = |name: &str| failure.get(name).and_then(Value::as_str).unwrap_or_default();
    let again = failure.get("retryable").and_then(Value::as_bool).unwrap_or_default();
    html! {
        p {
            "Failure " (text("code")) ": " (text("message"))
            @if again { " Trying again can help." }
        }
    }
}

fn recovery(entry: &Map<String, Value>) -> Markup {
    let text = |name: &str| entry.get(name).and_then(Value::as_str);
    let steps = entry.get("steps").and_then(Value::as_array).into_iter().flatten();
    let steps: Vec<&str> = steps.filter_map(|step| step.get("step")?.as_str()).collect();
    html! {
        @if let Some(attempt) = entry.get("attempt") {
            p { "Attempt " (shown(attempt)) @if let Some(trigger) = text("trigger") { ", started by " (trigger) } }
        }
        @if let Some(status) = text("status") {
            p { "Ended: " (status) @if let Some(at) = text("ended_at") { " at " (said(at)) } }
        }
        @if !steps.is_empty() { p { "Steps: " (steps.join(", ")) } }
        @if let Some(error) = text("error") { p { "Stopped by: " (error) } }
    }
}

/// A signature: the printed name, when, and what it means.
fn signature(entry: &Map<String, Value>) -> Markup {
    let Some(signature) = entry.get("signature").and_then(Value::as_object) else { return Markup::default() };
    let text = |name: &str| signature.get(name).and_then(Value::as_str);
    let meaning = text("meaning").unwrap_or("not known");
    let Some(name) = text("signer_name") else {
        return html! { p { "A signature as " (meaning) " was refused" } };
    };
    let authenticated = signature.get("authenticated").and_then(Value::as_object);
    let how = |name: &str| authenticated.and_then(|authenticated| authenticated.get(name));
    html! {
        div.signature {
            p { "Signed as " strong { (meaning) } " by " strong { (name) } }
            @if let Some(at) = entry.get("timestamp") { p { "at " (said(&shown(at))) " (UTC)" } }
            @if let Some(version) = signature.get("signed_version") { p { "of version " (shown(version)) } }
            @if let Some(comment) = text("comment") { p { "“" (comment) "”" } }
            @if let Some(at) = how("auth_time").and_then(Value::as_str) {
                p.small {
                    "Signed in at " (said(at))
                    @if let Some(amr) = how("amr").and_then(Value::as_array) { @if !amr.is_empty() {
                        " with " (amr.iter().map(shown).collect::<Vec<_>>().join(", "))
                    } }
                }
            }
        }
    }
}

/// The rules that allowed a version, or those that refused it.
fn rules(entry: &Map<String, Value>) -> Markup {
    let rules = entry.get("rules").and_then(Value::as_object);
    let of_rules = |name: &str| rules.and_then(|rules| rules.get(name));
    let text = |name: &str| of_rules(name).and_then(Value::as_str);
    let evaluated = of_rules("evaluated").and_then(Value::as_array).into_iter().flatten();
    let evaluated: Vec<String> = evaluated.map(shown).collect();
    let reasons = entry.get("reasons").and_then(Value::as_array);
    let policies = entry.get("policies").and_then(Value::as_array).into_iter().flatten();
    let policies: Vec<String> = policies.map(shown).collect();
    html! {
        @match text("ruleset") {
            None => {},
            Some(AppliedRules::LIFECYCLE_ONLY) => {
                p.rules { "Allowed by the lifecycle; no rules are set for this type of work" }
            },
            Some(ruleset) => p.rules {
                "Allowed by " (ruleset) " " (text("ruleset_version").unwrap_or_default())
                @if !evaluated.is_empty() { ": " (evaluated.join(", ")) }
            },
        }
        @if let Some(ruleset) = entry.get("ruleset") {
            p.rules { "Judged by " (shown(ruleset)) " " (entry.get("ruleset_version").map(shown).unwrap_or_default()) }
        }
        @for reason in reasons.into_iter().flatten() {
            p.rules {
                "Not met: " (reason.get("rule_id").map(shown).unwrap_or_default())
                ", " (reason.get("message").map(shown).unwrap_or_default())
            }
        }
        @if !policies.is_empty() { p.rules { "Policies: " (policies.join(", ")) } }
    }
}
