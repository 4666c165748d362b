//! sign-workflow over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, Lab, Person, transitions};

async fn amended(person: &Person, id: &str, body: &Value) -> Answer {
    Answer::to(person.request(Method::PATCH, &format!("/workflows/{id}")).json(body)).await
}

/// `s` is a sample analysis of alice, ACTIVE at version 2.
async fn at_work(alice: &Person) {
    let new = json!({"workflow_type": "sample-analysis", "workflow_id": "s", "metadata": {"sample_id": "S-1"}});
    alice.post("/workflows", &new).await.expect(201);
    alice.go("s", "ACTIVE").await.expect(200);
}

fn rules(problem: &Value) -> Vec<&str> {
    problem["reasons"].as_array().unwrap().iter().map(|reason| reason["rule_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn one_supervisor_approves_nothing_alone_and_two_people_with_two_signatures_do() {
    let lab = Lab::open().await;
    let (alice, sue) = (lab.person("alice", &["analyst"]), lab.person("sue", &["supervisor"]));
    let audit = lab.person("audrey", &["auditor"]);
    at_work(&alice).await;
    let typed = json!({"results": {"Na": 999}, "review": {"reviewed_by": "bob", "conclusion": "approved"}});
    let alone = json!({"target_state": "COMPLETED", "reason": "ok", "metadata": typed});
    let refused = sue.post(&transitions("s"), &alone).await.refused(422, "rule-violation");
    assert_eq!(rules(&refused), ["results-signed", "reviewed"]);
    // Step by step she does no better: her own signatures in both roles do not go together.
    amended(&sue, "s", &json!({"reason": "ok", "metadata": typed})).await.expect(200);
    sue.sign("s", "authorship", 3).await.expect(200);
    let refused = sue.sign("s", "review", 4).await.refused(422, "rule-violation");
    assert_eq!(rules(&refused), ["own-work-not-reviewed"]);
    let refused = sue.go("s", "COMPLETED").await.refused(422, "rule-violation");
    assert_eq!(rules(&refused), ["reviewed"]);

    let result = json!({"reason": "The result of the run.", "metadata": {"results": {"Na": 141}, "review": null}});
    amended(&alice, "s", &result).await.expect(200);
    alice.sign("s", "authorship", 5).await.expect(200);
    alice.sign("s", "review", 6).await.refused(403, "forbidden");
    let signed = sue.sign("s", "review", 6).await.expect(200);
    let shown = |signed: &Value| -> Vec<(String, String, u64, bool)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let all = signed["signatures"].as_array().unwrap().iter();
        all.map(|one| {
            (text(&one["by"]), text(&one["meaning"]), one["version"].as_u64().unwrap(), one["current"] == true)
        })
        .collect()
    };
    let of = |by: &str, meaning: &str, version, current| (by.to_owned(), meaning.to_owned(), version, current);
    let expected =
        [of("sue", "authorship", 3, false), of("alice", "authorship", 5, true), of("sue", "review", 6, true)];
    assert_eq!(shown(&signed["workflow"]), expected);
    // New data and completing in one request is completing on old signatures.
    let both = json!({"target_state": "COMPLETED", "reason": "ok", "metadata": {"results": {"Na": 999}}});
    let refused = sue.post(&transitions("s"), &both).await.refused(422, "rule-violation");
    assert_eq!(rules(&refused), ["results-signed", "reviewed"]);
    let completed = sue.go("s", "COMPLETED").await.expect(200);
    assert_eq!(shown(&completed["workflow"]), expected);
    assert_eq!(shown(&alice.state("s").await), expected);

    let verified = audit.get("/workflows/s/history/verification").await.expect(200);
    assert_eq!((&verified["valid"], &verified["versions_checked"]), (&json!(true), &json!(8)));
    let history = audit.get("/workflows/s/history?include=refusals").await.expect(200);
    let refusals: Vec<&Value> =
        history["items"].as_array().unwrap().iter().filter(|item| item["operation"] == "sign-workflow").collect();
    let kept: Vec<(&Value, &Value)> =
        refusals.iter().map(|refusal| (&refusal["code"], &refusal["signature"]["meaning"])).collect();
    assert_eq!(kept, [(&json!("rule-violation"), &json!("review")), (&json!("forbidden"), &json!("review"))]);
    let acts = audit.get("/activity?kind=WorkflowSigned").await.expect(200);
    assert_eq!(acts["items"].as_array().map(Vec::len), Some(3), "{acts}");
}

#[tokio::test]
async fn a_signature_is_of_the_newest_version_and_is_made_once() {
    let lab = Lab::open().await;
    let alice = lab.person("alice", &["analyst"]);
    at_work(&alice).await;
    alice.sign("s", "authorship", 1).await.refused(409, "version-conflict");
    let signed = alice.sign("s", "authorship", 2).await.expect(200);
    assert_eq!(signed["event"]["signature"]["signer_name"], "alice");
    alice.sign("s", "authorship", 2).await.refused(409, "version-conflict");
    alice.sign("s", "authorship", 3).await.refused(409, "already-signed");
    let listed = "/workflows?include=metadata&workflow_type=sample-analysis";
    let shown = alice.until(listed, |page| page["items"][0]["published_version"] == 3).await;
    assert_eq!(shown["items"][0]["signatures"], signed["workflow"]["signatures"], "{shown}");
}
