//! A laboratory's own policies and rules: added without touching code, changed while workflows live, asked beforehand.

use alims_domain::limits::{REFUSALS_OF_A_PRINCIPAL_MAX, REFUSALS_WINDOW_SECONDS};
use alims_local::Config;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

use crate::lab::{Lab, go, transitions};

/// A folder of the repository, copied, with one more file.
fn with_own(folder: &str, file: &str, text: &str) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    let shipped: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(folder);
    for entry in std::fs::read_dir(shipped).unwrap() {
        let path = entry.unwrap().path();
        std::fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
    }
    std::fs::write(copy.path().join(file), text).unwrap();
    copy
}

/// A ruleset for titrations, in a version.
fn titration(version: u8, expression: &str) -> String {
    format!(
        "ruleset: titration\nversion: \"{version}\"\nworkflow_types: [titration]\nrules:\n  - id: calibrated\n    \
         applies_to: [{{ from: CREATED, to: ACTIVE }}]\n    message: Calibrate first.\n    expression: {expression}\n"
    )
}

#[tokio::test]
async fn an_added_policy_is_honoured_and_named_in_the_refusal() {
    let own = r#"@id("own.hold-in-november") forbid (principal, action == ALIMS::Action::"cancelWorkflow", resource)
        when { resource has current_state && resource.current_state == ALIMS::State::"PAUSED" };"#;
    let policies = with_own("policies", "own.cedar", own);
    let lab = Lab::open_as(|config| Config { policies: policies.path().to_owned(), ..config }).await;
    let alice = lab.everybody();
    alice.at("w", &["ACTIVE", "PAUSED"]).await;
    alice.go("w", "CANCELLED").await.refused(403, "forbidden");
    let history = alice.history("w").await;
    let refusal = history.last().unwrap();
    assert_eq!((&refusal["code"], &refusal["policies"]), (&json!("forbidden"), &json!(["own.hold-in-november"])));
    let state = alice.get("/workflows/w?evaluate=true").await.expect(200);
    let cancel = &state["evaluated_transitions"][1];
    assert_eq!((&cancel["permitted"], &cancel["forbidden_by"]), (&json!(false), &json!(["own.hold-in-november"])));
    alice.go("w", "ACTIVE").await.expect(200);
    alice.go("w", "CANCELLED").await.expect(200);
}

/// Who dry-runs and then moves may meet other rules; which were applied stands in the event.
#[tokio::test]
async fn rules_changed_between_dry_run_and_move_show_in_the_events_version() {
    let first = Lab::open_with_rules(&titration(1, "\"true\"")).await;
    let file = first.data.path().join("rules").join("rules.yaml");
    let new = json!({"workflow_type": "titration", "workflow_id": "t"});
    let dry_run = format!("{}?dry_run=true", transitions("t"));
    let alice = first.everybody();
    alice.post("/workflows", &new).await.expect(201);
    let tried = alice.post(&dry_run, &go("ACTIVE")).await.expect(200);
    assert_eq!(tried["rules"], json!({"ruleset": "titration", "ruleset_version": "1", "evaluated": ["calibrated"]}));
    std::fs::write(file, titration(2, "has(transition.metadata.calibration)")).unwrap();
    let second = first.restarted().await;
    let alice = second.everybody();
    let refused = alice.go("t", "ACTIVE").await.refused(422, "rule-violation");
    assert_eq!((&refused["ruleset"], &refused["ruleset_version"]), (&json!("titration"), &json!("2")));
    let mut calibrated = go("ACTIVE");
    calibrated["metadata"] = json!({"calibration": "C-7"});
    let moved = alice.post(&transitions("t"), &calibrated).await.expect(200);
    assert_eq!(moved["event"]["rules"]["ruleset_version"], "2");
    let versions: Vec<Value> = alice
        .history("t")
        .await
        .iter()
        .map(|item| item["rules"]["ruleset_version"].as_str().or(item["ruleset_version"].as_str()).into())
        .collect();
    assert_eq!(versions, [json!("1"), json!("2"), json!("2")], "created by 1, refused and moved by 2");
}

#[tokio::test]
async fn each_move_is_evaluated_for_the_caller_and_nothing_is_written() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let new = json!({"workflow_type": "sample-analysis", "workflow_id": "s", "metadata": {"sample_id": "S-1"}});
    alice.post("/workflows", &new).await.expect(201);
    alice.go("s", "ACTIVE").await.expect(200);
    let before = alice.history("s").await;
    let victor = lab.person("victor", &["viewer"]);
    let state = victor.get("/workflows/s?evaluate=true").await.expect(200);
    assert_eq!(state["allowed_transitions"], json!(["PAUSED", "COMPLETED", "FAILED", "CANCELLED"]));
    let judged: Vec<(&str, bool, &str)> = state["evaluated_transitions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|judged| {
            let text = |name: &str| judged[name].as_str().unwrap();
            (text("target_state"), judged["permitted"].as_bool().unwrap(), text("rules"))
        })
        .collect();
    assert_eq!(
        judged,
        [
            ("PAUSED", false, "allow"),
            ("COMPLETED", false, "deny"),
            ("FAILED", false, "deny"),
            ("CANCELLED", false, "allow")
        ]
    );
    let state = alice.get("/workflows/s?evaluate=true").await.expect(200);
    let completion = &state["evaluated_transitions"][1];
    assert_eq!(completion["permitted"], true);
    let reasons: Vec<&str> =
        completion["reasons"].as_array().unwrap().iter().map(|reason| reason["rule_id"].as_str().unwrap()).collect();
    assert_eq!(reasons, ["results-present", "results-signed", "reviewed", "four-eyes"]);
    assert_eq!(alice.history("s").await, before);
    for query in ["evaluate=perhaps", "evaluate="] {
        let problem = alice.get(&format!("/workflows/s?{query}")).await.refused(400, "malformed-request");
        assert!(problem["errors"][0]["message"].as_str().unwrap().contains("evaluate"), "{problem}");
    }
    let path = format!("{}?dry_run=perhaps", transitions("s"));
    let problem = alice.post(&path, &go("PAUSED")).await.refused(400, "malformed-request");
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("dry_run"), "{problem}");
}

#[tokio::test]
async fn a_flood_of_refusals_is_bounded_told_and_no_harm_to_others() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    alice.create("w").await.expect(201);
    let mallory = lab.person("mallory", &["viewer"]);
    for _ in 0..REFUSALS_OF_A_PRINCIPAL_MAX {
        mallory.go("w", "ACTIVE").await.refused(403, "forbidden");
    }
    for _ in 0..3 {
        let answer = mallory.go("w", "ACTIVE").await;
        let seconds: u64 = answer.header("retry-after").parse().unwrap();
        assert!((1..=REFUSALS_WINDOW_SECONDS).contains(&seconds), "{seconds}");
        answer.refused(429, "too-many-refusals");
    }
    alice.go("w", "PAUSED").await.refused(409, "invalid-transition");
    alice.go("w", "ACTIVE").await.expect(200);
    let history = alice.history("w").await;
    let kept: Vec<&Value> = history.iter().filter(|item| item["requested_by"] == "mallory").collect();
    assert_eq!(kept.len(), REFUSALS_OF_A_PRINCIPAL_MAX);
    assert_eq!(kept.last().unwrap()["further_not_kept"]["whose"], "principal");
    assert!(kept.iter().rev().skip(1).all(|refusal| refusal["further_not_kept"] == Value::Null));
}
