//! get-caller over HTTP, with the shipped policies.

use serde_json::json;

use crate::lab::Lab;

#[tokio::test]
async fn each_role_sees_the_actions_of_its_table() {
    let lab = Lab::open().await;
    let sees = async |roles: &[&str], action: &str| {
        let caller = lab.person("alice", roles).get("/me").await.expect(200);
        assert_eq!((&caller["principal"], &caller["tenant_id"]), (&json!("alice"), &json!("default")));
        assert_eq!(caller["roles"], json!(roles));
        caller["permitted_actions"].as_array().unwrap().contains(&json!(action))
    };
    let roles: [&[&str]; 5] = [&[], &["viewer"], &["analyst"], &["supervisor"], &["auditor"]];
    for (action, permitted) in [
        ("getWorkflowState", [false, true, true, true, true]),
        ("createWorkflow", [false, false, true, true, false]),
        ("amendWorkflow", [false, false, true, true, false]),
        ("signWorkflow", [false, false, true, true, false]),
        ("completeWorkflow", [false, false, false, true, false]),
        ("releaseWorkflow", [false, false, false, true, false]),
        ("verifyWorkflowHistory", [false, false, false, false, true]),
    ] {
        for (roles, permitted) in roles.into_iter().zip(permitted) {
            assert_eq!(sees(roles, action).await, permitted, "{roles:?} {action}");
        }
    }
    assert!(!sees(&["janitor"], "getWorkflowState").await);
}

#[tokio::test]
async fn the_contract_shows_what_an_analyst_gets() {
    let contract = serde_json::to_value(alims_interface::document()).unwrap();
    let content = &contract["paths"]["/me"]["get"]["responses"]["200"]["content"]["application/json"];
    let mut shown = content["example"].clone();
    let lab = Lab::open().await;
    let mut seen = lab.person("alice", &["analyst"]).get("/me").await.expect(200);
    for answer in [&mut shown, &mut seen] {
        answer["permitted_actions"].as_array_mut().unwrap().sort_by_key(ToString::to_string);
    }
    assert_eq!(shown, seen);
}

#[tokio::test]
async fn a_caller_needs_a_token_and_may_ask_for_nothing_else() {
    let lab = Lab::open().await;
    lab.bearer("no token").get("/me").await.refused_by_the_gateway(401);
    let olga = lab.person_of("other", "olga", &["analyst"]);
    assert_eq!(olga.get("/me").await.expect(200)["tenant_id"], "other");
    olga.get("/me?principal=alice").await.refused(400, "malformed-request");
    olga.post("/me", &json!({})).await.refused_by_the_gateway(404);
}
