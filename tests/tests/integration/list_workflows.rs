//! list-workflows over HTTP.

use serde_json::Value;

use crate::lab::{Lab, Person};

async fn three(lab: &Lab) -> Person {
    let alice = lab.everybody();
    alice.at("a", &["ACTIVE"]).await;
    alice.at("b", &["ACTIVE", "PAUSED"]).await;
    lab.person("bob", &["analyst"]).create("c").await.expect(201);
    alice
        .until("/workflows", |list| {
            let versions: u64 =
                list["items"].as_array().unwrap().iter().map(|item| item["published_version"].as_u64().unwrap()).sum();
            versions == 6
        })
        .await;
    alice
}

fn ids(items: &[Value]) -> Vec<&str> {
    items.iter().map(|item| item["workflow_id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn the_newest_come_first_and_filters_hold_back_the_rest() {
    let lab = Lab::open().await;
    let alice = three(&lab).await;
    assert_eq!(ids(&alice.pages("/workflows?limit=100").await), ["c", "b", "a"]);
    assert_eq!(ids(&alice.pages("/workflows?state=PAUSED").await), ["b"]);
    assert_eq!(ids(&alice.pages("/workflows?created_by=bob&limit=1").await), ["c"]);
    assert_eq!(ids(&alice.pages("/workflows?workflow_type=free-form&state=ACTIVE").await), ["a"]);
    assert_eq!(ids(&alice.pages("/workflows?workflow_type=unheard-of").await), Vec::<&str>::new());
    let b = alice.state("b").await["updated_at"].as_str().unwrap().to_owned();
    assert_eq!(ids(&alice.pages(&format!("/workflows?updated_after={b}")).await), ["c", "b"]);
    assert_eq!(ids(&alice.pages(&format!("/workflows?updated_before={b}")).await), ["a"]);
    // Half a millisecond later: `b` was updated before that, and not after.
    let later = b.replace('Z', "5Z");
    assert_eq!(ids(&alice.pages(&format!("/workflows?updated_after={later}")).await), ["c"]);
    assert_eq!(ids(&alice.pages(&format!("/workflows?updated_before={later}")).await), ["b", "a"]);
    let olga = lab.person_of("other", "olga", &["viewer"]);
    assert_eq!(ids(&olga.pages("/workflows?limit=100").await), Vec::<&str>::new());
}

#[tokio::test]
async fn a_plus_in_a_filter_is_refused_and_its_escape_is_read() {
    let lab = Lab::open().await;
    let ada = lab.person("a+b@x", &["analyst", "viewer"]);
    ada.create("w").await.expect(201);
    let escaped = "/workflows?created_by=a%2Bb@x";
    ada.until(escaped, |list| list["items"].as_array().unwrap().len() == 1).await;
    let problem = ada.get("/workflows?created_by=a+b@x").await.refused(400, "malformed-request");
    assert!(problem["errors"][0]["message"].as_str().unwrap().contains("%2B"), "{problem}");
}

#[tokio::test]
async fn pages_of_any_size_give_every_workflow_once() {
    let lab = Lab::open().await;
    let alice = three(&lab).await;
    for limit in 1..=4 {
        assert_eq!(ids(&alice.pages(&format!("/workflows?limit={limit}")).await), ["c", "b", "a"], "limit {limit}");
    }
}

#[tokio::test]
async fn a_cursor_is_good_for_its_own_query_only() {
    let lab = Lab::open().await;
    let alice = three(&lab).await;
    let page = alice.get("/workflows?limit=1").await.expect(200);
    let cursor = page["next_cursor"].as_str().unwrap();
    alice.get(&format!("/workflows?limit=2&cursor={cursor}")).await.expect(200);
    let mut forged = cursor.to_owned();
    let last = if forged.pop() == Some('A') { 'B' } else { 'A' };
    forged.push(last);
    for bad in [
        format!("/workflows?cursor={forged}"),
        format!("/workflows?state=PAUSED&cursor={cursor}"),
        format!("/workflows/a/history?cursor={cursor}"),
        "/workflows?cursor=".to_owned(),
        "/workflows?cursor=bm9uc2Vuc2U".to_owned(),
    ] {
        alice.get(&bad).await.refused(400, "malformed-request");
    }
    let olga = lab.person_of("other", "olga", &["viewer"]);
    olga.get(&format!("/workflows?cursor={cursor}")).await.refused(400, "malformed-request");
}

#[tokio::test]
async fn a_malformed_query_is_refused_with_every_fault() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    for query in [
        "state=active",
        "limit=0",
        "limit=101",
        "limit=ten",
        "updated_after=yesterday",
        "colour=red",
        "order=created&order=due",
        "label=sample:S-1&order=updated",
    ] {
        alice.get(&format!("/workflows?{query}")).await.refused(400, "malformed-request");
    }
    let problem = alice.get("/workflows?state=x&limit=0&workflow_type=X").await.refused(400, "malformed-request");
    assert_eq!(problem["errors"].as_array().unwrap().len(), 3, "{problem}");
}
