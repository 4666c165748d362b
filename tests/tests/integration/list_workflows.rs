//! list-workflows over HTTP.

use reqwest::Method;
use serde_json::{Value, json};

use crate::lab::{Answer, FREE, Lab, Person};

/// Long past, whatever the clock of this machine says.
const PAST: &str = "2020-01-31T12:00:00Z";

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

/// Workflows of a laboratory with labels, due dates and assignees, and one of another tenant that is like the first.
async fn labelled(lab: &Lab) -> Person {
    let alice = lab.everybody();
    let new = |id: &str, more: Value| {
        let mut new = json!({"workflow_type": FREE, "workflow_id": id, "metadata": {"name": id}});
        new.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        new
    };
    let first = json!({"labels": {"sample": "S:1 ä", "rack": "7"}, "due_at": PAST, "assignee": "bob"});
    for (id, more) in [
        ("a", first.clone()),
        ("b", json!({"labels": {"sample": "S-2", "rack": "7"}, "due_at": "2099-01-01T00:00:00Z", "assignee": "bob"})),
        ("c", json!({"labels": {"sample": "S-3"}, "due_at": PAST, "assignee": "carol"})),
        ("d", json!({})),
    ] {
        alice.post("/workflows", &new(id, more)).await.expect(201);
    }
    alice.go("b", "ACTIVE").await.expect(200);
    alice.go("c", "ACTIVE").await.expect(200);
    alice.go("c", "CANCELLED").await.expect(200);
    let olga = lab.person_of("other", "olga", &["analyst", "viewer"]);
    olga.post("/workflows", &new("a", first)).await.expect(201);
    olga.until("/workflows", |list| list["items"].as_array().unwrap().len() == 1).await;
    alice.until("/counts", |it| it["counts"]["CANCELLED"] == 1 && it["counts"]["CREATED"] == 2).await;
    alice
}

#[tokio::test]
async fn workflows_are_found_by_what_labels_due_dates_and_assignees_they_have() {
    let lab = Lab::open().await;
    let alice = labelled(&lab).await;
    for (query, found) in [
        ("label=sample:S:1%20%C3%A4", &["a"][..]),
        // The same letter in another spelling, another case, a part of the value, a name that nothing has.
        ("label=sample:S:1%20a%CC%88", &[]),
        ("label=sample:s-2", &[]),
        ("label=sample:S", &[]),
        ("label=order:S-2", &[]),
        ("label=rack:7", &["b", "a"]),
        ("label=rack:7&label=sample:S-2", &["b"]),
        ("label=rack:7&label=sample:S-3", &[]),
        ("label=rack:7&state=ACTIVE&state=CANCELLED", &["b"]),
        ("state=ACTIVE&state=CANCELLED&state=ACTIVE", &["c", "b"]),
        ("assignee=bob&order=created", &["b", "a"]),
        ("assignee=nobody", &[]),
        ("overdue=true", &["a"]),
        ("due_before=2099-01-01T00:00:00Z", &["a"]),
        ("due_before=2099-01-01T00:00:00.001Z", &["a", "b"]),
        ("order=due", &["a", "b"]),
        ("order=created", &["d", "c", "b", "a"]),
        ("quarantined=true", &[]),
        ("created_after=2099-01-01T00:00:00Z", &[]),
    ] {
        for limit in [1, 100] {
            let items = alice.pages(&format!("/workflows?{query}&limit={limit}")).await;
            assert_eq!(ids(&items), found, "{query} in pages of {limit}");
        }
    }
    let items = alice.pages("/workflows?include=metadata&order=created").await;
    for item in &items {
        let state = alice.state(item["workflow_id"].as_str().unwrap()).await;
        for member in ["metadata", "labels", "due_at", "assignee", "current_state", "created_at", "updated_at"] {
            assert_eq!(item[member], state[member], "{member} of {item}");
        }
        assert_eq!(item["overdue"] == true, item["workflow_id"] == "a", "{item}");
    }
    assert!(alice.pages("/workflows?order=created").await.iter().all(|item| item["metadata"].is_null()));
    // A due date that passed and a label that is removed: the lists follow.
    let body = json!({"reason": "x", "labels": {"sample": null, "rack": "8"}, "due_at": null, "assignee": null});
    Answer::to(alice.request(Method::PATCH, "/workflows/a").json(&body)).await.expect(200);
    alice.until("/workflows?label=rack:8", |list| list["items"].as_array().unwrap().len() == 1).await;
    for (query, found) in [
        ("label=sample:S:1%20%C3%A4", &[][..]),
        ("label=rack:7", &["b"]),
        ("overdue=true", &[]),
        ("assignee=bob", &["b"]),
    ] {
        assert_eq!(ids(&alice.pages(&format!("/workflows?{query}")).await), found, "{query} after the amendment");
    }
    let olga = lab.person_of("other", "olga", &["viewer"]);
    assert_eq!(ids(&olga.pages("/workflows?label=rack:7").await), ["a"], "another tenant's is its own");
}

#[tokio::test]
async fn every_filter_that_is_empty_huge_wrong_or_repeated_is_refused_and_named() {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let huge = "x".repeat(3000);
    let instants = ["due_before", "created_after", "created_before", "updated_after", "updated_before"];
    let texts = ["workflow_type", "created_by", "assignee"];
    let fixed = [("overdue", "true"), ("quarantined", "true"), ("order", "created"), ("include", "metadata")];
    let mut bad: Vec<(&str, String)> = Vec::new();
    let mut add = |name, values: &[&str]| bad.extend(values.iter().map(|value| (name, format!("{name}={value}"))));
    for name in instants {
        add(name, &["", &huge, "yesterday", "0", "2026-11-23", "2026-11-23T08:15:00", "2026-02-30T00:00:00Z"]);
        add(name, &[&format!("2026-11-23T08:15:00Z&{name}=2026-11-23T08:15:00Z")]);
    }
    for name in texts {
        add(name, &["", &huge, "%00", "%FF", &format!("a&{name}=a")]);
    }
    for (name, value) in fixed {
        add(name, &["", &huge, "false", "1", &value.to_uppercase(), &format!("{value}&{name}={value}")]);
    }
    add("state", &["", &huge, "active", "ACTIVE,PAUSED", "ACTIVE&state=", "0"]);
    add("label", &["", &huge, ":", "a", "a:", ":b", "A:b", "a:%20b", "a:%0A", "a:b&label=a:c", "a:b&order=due"]);
    add("limit", &["", &huge, "0", "101", "-1", "1.5", "ten", "1&limit=1"]);
    add("cursor", &["", &huge, "bm9uc2Vuc2U", "%FF"]);
    bad.push(("unheard-of", "unheard-of=1".to_owned()));
    bad.push(("State", "State=ACTIVE".to_owned()));
    for (name, query) in &bad {
        let problem = alice.get(&format!("/workflows?{query}")).await.refused(400, "malformed-request");
        let told = problem["errors"].as_array().unwrap();
        let named = |error: &Value| error["message"].as_str().is_some_and(|message| message.contains(name));
        assert!(told.iter().any(named), "{query}: {problem}");
        assert!(problem.to_string().len() < 2000, "a long value is not sent back: {name}");
    }
}

/// Each list with another one's cursor, and every other tenant with it too.
#[tokio::test]
async fn a_cursor_of_another_list_is_refused_whatever_both_lists_are() {
    let lab = Lab::open().await;
    let alice = labelled(&lab).await;
    let lists = [
        "/workflows?limit=1",
        "/workflows?limit=1&order=created",
        "/workflows?limit=1&order=due",
        "/workflows?limit=1&label=rack:7",
        "/workflows?limit=1&assignee=bob",
        "/workflows?limit=1&state=ACTIVE&state=CREATED",
        "/activity?limit=1",
        "/activity?limit=1&kind=WorkflowCreated",
        "/workflows/b/history?limit=1",
    ];
    let mut cursors = Vec::new();
    for list in lists {
        let page = alice.get(list).await.expect(200);
        cursors.push(page["next_cursor"].as_str().unwrap_or_else(|| panic!("{list}: {page}")).to_owned());
    }
    let olga = lab.person_of("other", "olga", &["viewer", "auditor", "analyst"]);
    for (number, list) in lists.iter().enumerate() {
        for (other, cursor) in cursors.iter().enumerate() {
            let answer = alice.get(&format!("{list}&cursor={cursor}")).await;
            if number == other {
                answer.expect(200);
                if !list.contains("/history") {
                    olga.get(&format!("{list}&cursor={cursor}")).await.refused(400, "malformed-request");
                }
            } else {
                answer.refused(400, "malformed-request");
            }
        }
    }
}
