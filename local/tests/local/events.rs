//! `GET /events`: replay and live in one stream, to those whom they are for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::site::{Listening, Site, versions};

#[tokio::test]
async fn the_archive_goes_over_into_live_without_gap_or_repetition() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    for number in 0..20 {
        alice.create(&format!("before-{number}")).await;
    }
    alice.listen("/events?after=0", |heard| heard.len() >= 20).await;
    let mut listening = Listening::begin(&alice, "/events?after=0").await;
    let making = {
        let alice = alice.clone();
        tokio::spawn(async move {
            for number in 0..20 {
                alice.create(&format!("after-{number}")).await;
            }
        })
    };
    listening.until(|heard| heard.len() >= 40).await;
    making.await.unwrap();
    let numbers: Vec<u64> = listening.heard.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<u64>>());
    let mut names: Vec<String> = versions(&listening.heard).into_iter().map(|(id, _)| id).collect();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 40, "each event once");
}

#[tokio::test]
async fn a_listener_goes_on_where_it_says_it_was_and_else_hears_what_is_new() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    for id in ["w-1", "w-2", "w-3"] {
        alice.create(id).await;
    }
    alice.listen("/events?after=0", |heard| heard.len() >= 3).await;
    let first = |heard: &[(u64, Value)]| !heard.is_empty();
    assert_eq!(alice.listen("/events?after=1", |heard| heard.len() >= 2).await[0].0, 2);
    let mut new = Listening::begin(&alice, "/events").await;
    alice.create("w-4").await;
    new.until(first).await;
    assert_eq!(versions(&new.heard), [("w-4".to_owned(), 1)]);

    let reconnecting = alice.request(Method::GET, "/events?after=0").header("Last-Event-ID", "2");
    let mut answer = reconnecting.send().await.unwrap();
    let chunk = answer.chunk().await.unwrap().unwrap();
    assert!(chunk.starts_with(b"id: 3\n"), "{chunk:?}");
}

#[tokio::test]
async fn a_listener_that_comes_from_another_data_folder_hears_what_is_new() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    for path in ["/events?after=9999", "/events?after=18446744073709551615"] {
        let mut listening = Listening::begin(&alice, path).await;
        let id = format!("w-{}", path.len());
        alice.create(&id).await;
        listening.until(|heard| !heard.is_empty()).await;
        assert_eq!(versions(&listening.heard), [(id, 1)]);
    }
}

#[tokio::test]
async fn a_listener_hears_its_own_tenant_and_the_workflow_it_asked_for() {
    let site = Site::open().await;
    let (alice, eve) = (site.person("alice", &["analyst"]), site.person_of("other", "eve", &["analyst"]));
    eve.create("w-1").await;
    for id in ["w-1", "w-2"] {
        alice.create(id).await;
        assert_eq!(alice.move_to(id, "ACTIVE").await.0, 200);
    }
    let of_alice = alice.listen("/events?after=0", |heard| heard.len() >= 4).await;
    assert!(of_alice.iter().all(|(_, envelope)| envelope["detail"]["tenant_id"] == "default"), "{of_alice:?}");
    let of_eve = eve.listen("/events?after=0", |heard| !heard.is_empty()).await;
    assert!(of_eve.iter().all(|(_, envelope)| envelope["detail"]["tenant_id"] == "other"), "{of_eve:?}");
    let of_w_2 = alice.listen("/events?after=0&workflow_id=w-2", |heard| heard.len() >= 2).await;
    assert_eq!(versions(&of_w_2), [("w-2".to_owned(), 1), ("w-2".to_owned(), 2)]);
}

#[tokio::test]
async fn refusals_are_for_auditors_and_events_for_readers() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    alice.create("w-1").await;
    assert_eq!(alice.move_to("w-1", "COMPLETED").await.0, 403);
    alice.create("w-2").await;
    let auditor = site.person("carol", &["auditor"]);
    let all = auditor.listen("/events?after=0", |heard| heard.len() >= 3).await;
    let kinds: Vec<&Value> = all.iter().map(|(_, envelope)| &envelope["detail-type"]).collect();
    assert!(kinds.contains(&&json!("WorkflowTransitionRefused")), "{kinds:?}");
    // What a caller was refused, that caller hears as well.
    let own = alice.listen("/events?after=0", |heard| heard.len() >= 3).await;
    assert!(own.iter().any(|(_, envelope)| envelope["detail-type"] == "WorkflowTransitionRefused"), "{own:?}");
    let bob = site.person("bob", &["analyst"]);
    let others = bob.listen("/events?after=0", |heard| heard.len() >= 2).await;
    assert!(others.iter().all(|(_, envelope)| envelope["detail-type"] == "WorkflowCreated"), "{others:?}");
    assert_eq!(site.person("nobody", &[]).get("/events").await.0, 403);
}

/// The repository's policies, and one that hides a type from all who are no auditors.
fn hiding_a_type(config: &mut alims_local::Config) {
    let folder = config.data.join("laboratory-policies");
    std::fs::create_dir_all(&folder).unwrap();
    for file in std::fs::read_dir(&config.policies).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), folder.join(file.file_name())).unwrap();
    }
    let forbid = r#"@id("laboratory.secret")
forbid (principal, action, resource)
when { resource has workflow_type && resource.workflow_type == ALIMS::WorkflowType::"result-approval" }
unless { principal in ALIMS::Role::"auditor" || principal in ALIMS::Role::"supervisor" };
"#;
    std::fs::write(folder.join("secret.cedar"), forbid).unwrap();
    config.policies = folder;
}

#[tokio::test]
async fn a_type_that_a_policy_hides_is_in_no_list_and_no_event_of_it_is_heard() {
    let site = Site::on(tempfile::tempdir().unwrap(), hiding_a_type).await;
    let (sue, carol) = (site.person("sue", &["supervisor"]), site.person("carol", &["auditor"]));
    let alice = site.person("alice", &["analyst"]);
    for (id, kind) in [("hidden", "result-approval"), ("shown", "free-form")] {
        let body = json!({"workflow_id": id, "workflow_type": kind});
        assert_eq!(sue.post("/workflows", &body).await.0, 201);
        // A refusal does not say of which type its workflow is.
        assert_eq!(sue.move_to(id, "PAUSED").await.0, 409);
        assert_eq!(sue.move_to(id, "ACTIVE").await.0, 200);
    }
    let all = carol.listen("/events?after=0", |heard| heard.len() >= 6).await;
    assert_eq!(all.iter().filter(|(_, envelope)| envelope["detail"]["workflow_id"] == "hidden").count(), 3);
    let of_alice = alice.listen("/events?after=0", |heard| heard.len() >= 2).await;
    assert_eq!(versions(&of_alice), [("shown".to_owned(), 1), ("shown".to_owned(), 2)]);
    // `sue` may not read refusals, but her own.
    let of_sue = sue.listen("/events?after=0", |heard| heard.len() >= 6).await;
    assert_eq!(of_sue.len(), 6);
    for path in ["/workflows/hidden", "/workflows/hidden/history"] {
        assert_eq!(alice.get(path).await.0, 403, "{path}");
    }
    for (person, expected) in [(&alice, &["shown"][..]), (&carol, &["shown", "hidden"])] {
        let list = person.get("/workflows?limit=10").await.1;
        let ids: Vec<&str> =
            list["items"].as_array().unwrap().iter().map(|it| it["workflow_id"].as_str().unwrap()).collect();
        assert_eq!(ids, expected);
    }
}

#[tokio::test]
async fn a_query_with_a_wrong_parameter_is_a_bad_request() {
    let site = Site::open().await;
    let alice = site.person("alice", &["analyst"]);
    for path in ["/events?after=-1", "/events?after=x", "/events?since=1", "/events?workflow_id=a%20b"] {
        let (status, body) = alice.get(path).await;
        assert_eq!((status.as_u16(), &body["code"]), (400, &json!("malformed-request")), "{path}");
    }
}
