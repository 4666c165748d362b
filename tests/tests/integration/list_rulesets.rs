//! What a screen learns of the rules over HTTP.

use serde_json::{Value, json};

use crate::lab::Lab;

#[tokio::test]
async fn the_rules_that_refuse_are_those_that_are_listed() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let listed = alice.get("/rulesets").await.expect(200);
    assert_eq!((&listed["engine"], &listed["kept_elsewhere"]), (&json!("embedded"), &json!(false)));
    assert_eq!(listed["types_without_rules"], json!(["free-form"]));
    assert!(listed.get("next_cursor").is_none(), "{listed}");
    let create = json!({"workflow_type": "sample-analysis", "workflow_id": "w-1"});
    let refused = alice.post("/workflows", &create).await.refused(422, "rule-violation");
    let rules = listed["items"][0]["rules"].as_array().unwrap();
    let creation = json!({"from_state": null, "to_state": "CREATED"});
    let asked: Vec<&Value> =
        rules.iter().filter(|rule| rule["moves"].as_array().unwrap().contains(&creation)).collect();
    assert_eq!(asked.len(), 1);
    for member in ["rule_id", "message"] {
        assert_eq!(asked[0][member], refused["reasons"][0][member]);
    }
    assert_eq!(listed["items"][0]["ruleset_version"], refused["ruleset_version"]);
}
