//! The document to print says of each entry who, what, when and why, in words.

use alims_domain::event::WorkflowEvent;
use alims_domain::export::{ExportHead, ExportSelection, OfPeriod};
use alims_domain::identifiers::Version;
use alims_domain::lifecycle::State;
use alims_domain::stored_version::StoredVersion;
use alims_testing::MemoryLog;
use alims_testing::builders::{a_created_of, a_key_of, a_move, at, metadata, sealed};
use serde_json::{Value, json};
use std::fs;

use crate::made::{Made, a_job, every_kind, made, of_a_workflow_of, of_everything, tenant};

fn report(made: &Made) -> String {
    fs::read_to_string(made.unpacked().join("report.html")).unwrap()
}

/// A workflow with these metadata and one move, and its newest version.
fn a_workflow(with: &Value) -> (MemoryLog, StoredVersion) {
    let (key, log) = (a_key_of(&tenant(), "wf-1"), MemoryLog::default());
    let created = sealed(WorkflowEvent { metadata: metadata(with), ..a_created_of(&key).event });
    let moved = a_move(&created, State::Active);
    for version in [&created, &moved] {
        log.overwrite(version.clone());
    }
    (log, moved)
}

fn head(version: &StoredVersion) -> ExportHead {
    let event = &version.event;
    ExportHead { workflow_id: event.workflow_id.clone(), version: event.version, hash: Some(event.hash.clone()) }
}

#[tokio::test]
async fn characters_that_paper_does_not_show_are_named() {
    let (log, newest) = a_workflow(&json!({"note": "left\u{202e}right\u{200b}none\u{1b}[31mred", "two": "a\nb"}));
    let report = report(&made(log, &of_a_workflow_of(head(&newest))).await);
    for shown in ["left⟨U+202E⟩right⟨U+200B⟩none⟨U+001B⟩[31mred", "a\nb"] {
        // In the entry, and in the workflow at the end.
        assert_eq!(report.matches(shown).count(), 2, "{shown}: {report}");
    }
    for hidden in ['\u{202e}', '\u{200b}', '\u{1b}'] {
        assert!(!report.contains(hidden), "{hidden:?}");
    }
}

#[tokio::test]
async fn the_data_of_a_version_without_the_one_before_it_are_shown_whole() {
    let (log, newest) = a_workflow(&json!({"ph": 7.25}));
    let period = OfPeriod { from: newest.event.timestamp, to: at(9_000_000), principal: None, kind: None };
    let of_the_move = report(&made(log, &a_job(ExportSelection::Period(period), None)).await);
    let whole = "The version before this one is not in this export. This is the data of this version:";
    let told = plain(&of_the_move);
    assert!(told.contains(whole) && told.contains("/metadata/ph: 7.25"), "{told}");
    assert!(!told.contains("/metadata/ph: (none)"), "no change is claimed: {told}");
    let (log, newest) = a_workflow(&json!({"ph": 7.25}));
    let told = plain(&report(&made(log, &of_a_workflow_of(head(&newest))).await));
    assert!(!told.contains(whole) && told.contains("/metadata/ph: (none) → 7.25"), "{told}");
}

#[tokio::test]
async fn the_first_page_warns_of_entries_that_could_not_be_read_and_so_does_the_end() {
    let (log, newest) = a_workflow(&json!({}));
    let sound = report(&made(log, &of_a_workflow_of(head(&newest))).await);
    assert!(!sound.contains("could not read") && !sound.contains("cannot be read"), "{sound}");
    let (log, newest) = a_workflow(&json!({}));
    log.damage(&newest.event.key(), Version::FIRST, "a damage");
    let told = report(&made(log, &of_a_workflow_of(head(&newest))).await);
    let first_page = told.split_once("Entries, oldest first").unwrap().0;
    assert!(first_page.contains("Entries that the service could not read: 1."), "{told}");
    assert!(told.contains("An entry of this workflow cannot be read."), "{told}");
}

#[tokio::test]
async fn the_workflow_at_the_end_has_each_value_by_its_place_and_whole_instants() {
    let (log, newest) = a_workflow(&json!({"result": {"ph": 7.25}, "at": "2026-11-23T09:10:00.000Z"}));
    let report = report(&made(log, &of_a_workflow_of(head(&newest))).await);
    let end = report.split_once("The workflow at version").unwrap().1;
    assert!(end.contains("/metadata/result/ph</th><td>7.25</td>"), "{end}");
    assert!(end.contains("<span class=\"instant\">2026-11-23T09:10:00.000Z</span>"), "{end}");
    assert!(report.contains(concat!("ALIMS Workflow Manager, release ", env!("CARGO_PKG_VERSION"))), "{report}");
}

#[tokio::test]
async fn every_kind_of_entry_is_in_words() {
    let ((log, head), (other, _)) = (every_kind().await, every_kind().await);
    let of_workflow = made(log, &of_a_workflow_of(head)).await;
    let of_period = made(other, &of_everything()).await;
    for (made, rows) in [(of_workflow, 12), (of_period, 16)] {
        let report = report(&made);
        assert_eq!(report.matches("<td class=\"number\">").count(), rows, "{report}");
        for told in [
            "Workflow created",
            "CREATED → ACTIVE",
            "/metadata/result/ph: (none) → 7.25",
            "Signed as review",
            "carol Name",
            "Compared with the printout.",
            "The instrument does not answer.",
            "A second person must agree.",
            "Workflow recovered",
            "Recovery attempt",
            "The paper record was compared.",
            "Workflow overdue",
        ] {
            let plain = plain(&report);
            assert!(plain.contains(told), "{told}: {plain}");
        }
        // What people wrote is text and no markup.
        assert!(!report.contains("<b>") && report.contains("clear &lt;b&gt;&amp;&lt;/b&gt; 🧪"));
        assert!(!report.contains("http://") && !report.contains("https://") && !report.contains("<script"));
    }
}

/// The document without its elements.
fn plain(report: &str) -> String {
    let mut plain = String::new();
    for part in report.split('<') {
        plain.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    plain
}
