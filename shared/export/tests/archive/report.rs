//! The document to print says of each entry who, what, when and why, in words.

use std::fs;

use crate::made::{every_kind, made, of_a_workflow_of, of_everything};

#[tokio::test]
async fn every_kind_of_entry_is_in_words() {
    let ((log, head), (other, _)) = (every_kind().await, every_kind().await);
    let of_workflow = made(log, &of_a_workflow_of(head)).await;
    let of_period = made(other, &of_everything()).await;
    for (made, rows) in [(of_workflow, 12), (of_period, 16)] {
        let report = fs::read_to_string(made.unpacked().join("report.html")).unwrap();
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
