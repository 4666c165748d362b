//! Walks from page to page, of a list in the order of creation and of the activity, while 64 clients move and create.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::lab::{Answer, FREE, Lab, Person, go, transitions};

/// Clients that work at the same time.
const CLIENTS: usize = 64;

/// How many workflows are walked over, where a run by hand wants more than CI has time for.
const WORKFLOWS: &str = "ALIMS_WALKED_WORKFLOWS";

#[tokio::test]
async fn walks_miss_and_repeat_nothing_while_many_clients_move_and_create() {
    let wanted = std::env::var_os(WORKFLOWS).map(|wanted| wanted.to_str().unwrap().parse().unwrap());
    let workflows = wanted.unwrap_or(CLIENTS).max(CLIENTS);
    walks_are_whole(workflows, if workflows > 1000 { 100 } else { 12 }).await;
}

/// Creates the workflows, and walks over both lists in pages of this size while the clients work.
async fn walks_are_whole(workflows: usize, page: usize) {
    let lab = Lab::open().await;
    let alice = lab.everybody();
    let of_client = |client: usize| (client..workflows).step_by(CLIENTS).map(|number| format!("old-{number}"));
    let mut creators = JoinSet::new();
    for client in 0..CLIENTS {
        let (someone, mine): (Person, Vec<String>) = (alice.clone(), of_client(client).collect());
        creators.spawn(async move {
            for id in mine {
                created(&someone, &id).await;
            }
        });
    }
    creators.join_all().await;
    while answered(|| alice.request(Method::GET, "/counts")).await["total"] != workflows {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let turns = Arc::new(Semaphore::new(CLIENTS));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(work(alice.clone(), client, of_client(client).collect(), turns.clone()));
    }
    let [list, activity] = ["/workflows?order=created", "/activity?"].map(|list| format!("{list}&limit={page}"));
    let (listed, told) = tokio::join!(walked(&alice, &list, &turns), walked(&alice, &activity, &turns));
    turns.close();
    clients.join_all().await;

    let listed = once(&listed, |item| item["workflow_id"].as_str());
    let told = once(&told, |item| item["entry"]["event_id"].as_str());
    let missed: Vec<usize> = (0..workflows).filter(|n| !listed.contains(&format!("old-{n}"))).collect();
    assert!(missed.is_empty(), "the list missed {missed:?}");
    // What is there now tells which entries were there when the walk began.
    let created = walked(&alice, "/activity?kind=WorkflowCreated&limit=100", &turns).await;
    let old = created.iter().filter(|item| item["workflow_id"].as_str().unwrap().starts_with("old-"));
    let old: BTreeSet<String> = old.map(|item| item["entry"]["event_id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(old.len(), workflows);
    assert!(old.is_subset(&told), "the activity missed {:?}", old.difference(&told).collect::<Vec<_>>());
    assert!(created.len() > workflows, "the clients created nothing");
}

/// Walks to the end. With each page all clients get a turn, so that they write from the first page to the last one and
/// the walk still ends.
async fn walked(person: &Person, list: &str, turns: &Semaphore) -> Vec<Value> {
    let (mut items, mut next) = (Vec::new(), list.to_owned());
    loop {
        turns.add_permits(CLIENTS);
        let page = answered(|| person.request(Method::GET, &next)).await;
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        let Some(cursor) = page["next_cursor"].as_str() else { return items };
        next = format!("{list}&cursor={cursor}");
    }
}

/// Moves the client's own workflows to and fro and creates others, one of them a turn, until the walks have ended.
async fn work(someone: Person, client: usize, mine: Vec<String>, turns: Arc<Semaphore>) {
    for turn in 0.. {
        let Ok(permit) = turns.acquire().await else { return };
        permit.forget();
        let (round, id) = (turn / 2 / mine.len(), &mine[turn / 2 % mine.len()]);
        if turn % 2 == 0 {
            let (path, body) = (transitions(id), go(if round % 2 == 0 { "ACTIVE" } else { "PAUSED" }));
            let key = format!("turn-{turn}");
            answered(|| someone.request(Method::POST, &path).header("idempotency-key", &key).json(&body)).await;
        } else {
            created(&someone, &format!("new-{client}-{turn}")).await;
        }
    }
}

async fn created(someone: &Person, id: &str) {
    let body = json!({"workflow_type": FREE, "workflow_id": id});
    answered(|| someone.request(Method::POST, "/workflows").header("idempotency-key", id).json(&body)).await;
}

/// The answer of success. So many clients may overload the store of a small machine, and what that refuses for now is
/// asked for again, as a client does.
async fn answered(request: impl Fn() -> RequestBuilder) -> Value {
    loop {
        let answer = Answer::to(request()).await;
        if answer.status != StatusCode::SERVICE_UNAVAILABLE {
            assert!(answer.status.is_success(), "{answer:?}");
            return answer.body;
        }
    }
}

/// The names of the items, of which none may come twice.
fn once(items: &[Value], name: impl Fn(&Value) -> Option<&str>) -> BTreeSet<String> {
    let mut times: BTreeMap<String, u32> = BTreeMap::new();
    for item in items {
        *times.entry(name(item).unwrap().to_owned()).or_default() += 1;
    }
    let repeated: Vec<&String> = times.iter().filter(|(_, times)| **times > 1).map(|(name, _)| name).collect();
    assert!(repeated.is_empty(), "repeated: {repeated:?}");
    times.into_keys().collect()
}
