//! Many clients at once on few workflows, with and without idempotency keys and expected versions: they move them alone
//! and in batches, amend and sign them. What each gets depends on who is quicker; that it all fits together, the
//! specification says: `spec/OutsideWorkflowManager.tla`.

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::people::{Answer, FREE, Person, go};
use crate::world::events_of;

/// How many workflows are fought over.
const WORKFLOWS: usize = 3;
/// How often each client moves each of them.
const ROUNDS: usize = 3;
/// What whoever is not alone may be told.
const EXPECTED: [(u16, &str); 3] = [(200, ""), (409, "version-conflict"), (409, "invalid-transition")];

fn client(name: &str) -> Person {
    Person::with_roles(name, &["analyst", "supervisor"])
}

async fn transition(person: &Person, workflow: &str, body: &Value) -> Answer {
    let answer = person.post(&format!("/workflows/{workflow}/transitions"), body).await;
    expect(&answer, &EXPECTED);
    answer
}

fn expect(answer: &Answer, expected: &[(u16, &str)]) {
    let told = (answer.status.as_u16(), answer.body["code"].as_str().unwrap_or_default());
    assert!(expected.contains(&told), "{}", answer.body);
}

/// Goes on from whatever it finds, by the version that it saw.
async fn careful(person: &Person, workflow: &str) {
    for _round in 0..ROUNDS {
        let seen = person.get(&format!("/workflows/{workflow}")).await.expect(200);
        let mut body = go(if seen["current_state"] == "ACTIVE" { "PAUSED" } else { "ACTIVE" });
        body["expected_version"] = seen["version"].clone();
        transition(person, workflow, &body).await;
    }
}

/// Wants it one way and looks at nothing.
async fn careless(person: &Person, workflow: &str, target: &str) {
    for _round in 0..ROUNDS {
        transition(person, workflow, &go(target)).await;
    }
}

/// Does not wait for the answer before it asks again, with the same key.
async fn impatient(person: &Person, workflow: &str) {
    for round in 0..ROUNDS {
        let keyed = person.keyed(&format!("{workflow}-{round}"));
        let body = go(if round % 2 == 0 { "ACTIVE" } else { "PAUSED" });
        let twice = join_all([transition(&keyed, workflow, &body), transition(&keyed, workflow, &body)]).await;
        let made = |answer: &Answer| answer.status.is_success().then(|| answer.body["event"]["event_id"].clone());
        if let [Some(first), Some(second)] = [made(&twice[0]), made(&twice[1])] {
            assert_eq!(first, second, "a request with a key has one effect");
        }
        transition(&keyed, workflow, &body).await;
    }
}

/// Saves a result, and then a remark, on whatever version is there.
async fn amending(person: &Person, workflow: &str) {
    for round in 0..ROUNDS {
        let result = json!({"metadata": {"purity": {"round": round}}, "reason": "the result is entered"});
        let remark = json!({"reason": "the balance was calibrated"});
        for body in [result, remark] {
            let answer = person.ask(Method::PATCH, &format!("/workflows/{workflow}"), Some(&body)).await;
            expect(&answer, &[(200, ""), (409, "version-conflict")]);
        }
    }
}

/// Signs the version that it saw.
async fn signing(person: &Person, workflow: &str) {
    for _round in 0..ROUNDS {
        let seen = person.get(&format!("/workflows/{workflow}")).await.expect(200);
        let body = json!({"version": seen["version"], "meaning": "review"});
        let answer = person.post(&format!("/workflows/{workflow}/signatures"), &body).await;
        expect(&answer, &[(200, ""), (409, "version-conflict"), (409, "already-signed")]);
    }
}

/// Moves all of them in one request, and does not wait for its answer before it asks again with the same key.
async fn batching(person: &Person, workflows: &[String]) {
    for round in 0..ROUNDS {
        let keyed = person.keyed(&format!("batch-{round}"));
        let target = if round % 2 == 0 { "ACTIVE" } else { "PAUSED" };
        let of = |workflow: &String| {
            let mut item = go(target);
            item["workflow_id"] = workflow.as_str().into();
            item
        };
        let body = json!({"transitions": workflows.iter().map(of).collect::<Vec<_>>()});
        let twice = join_all([keyed.post("/transitions", &body), keyed.post("/transitions", &body)]).await;
        for answer in twice {
            let results = answer.expect(200)["results"].clone();
            for result in results.as_array().unwrap() {
                let status = u16::try_from(result["status"].as_u64().unwrap()).unwrap();
                let told = (status, result["problem"]["code"].as_str().unwrap_or_default());
                assert!(EXPECTED.contains(&told), "{result}");
            }
        }
    }
}

async fn created(workflow: &str) {
    let [carl, ivan] = ["carl", "ivan"].map(client);
    let new = json!({"workflow_type": FREE, "workflow_id": workflow});
    let keyed = ivan.keyed(&format!("{workflow}-new"));
    let created = join_all([&keyed, &keyed, &carl].map(|creator| creator.post("/workflows", &new))).await;
    let made = |answer: &&Answer| answer.status == 201;
    assert_eq!(created.iter().filter(made).count(), 1, "{created:?}");
}

async fn fought_over(workflow: &str) {
    let [carl, cleo, ivan, anna, paul, rita, olga] =
        ["carl", "cleo", "ivan", "anna", "paul", "rita", "olga"].map(client);
    tokio::join!(
        careful(&carl, workflow),
        careful(&cleo, workflow),
        impatient(&ivan, workflow),
        careless(&anna, workflow, "ACTIVE"),
        careless(&paul, workflow, "PAUSED"),
        amending(&rita, workflow),
        signing(&olga, workflow),
    );
}

/// The queue has an event of each version.
async fn published(workflow: &str) {
    let version = client("carl").get(&format!("/workflows/{workflow}")).await.expect(200)["version"].as_u64().unwrap();
    events_of(workflow, usize::try_from(version).unwrap()).await;
}

#[tokio::test]
async fn the_answers_to_a_crowd_fit_together() {
    let names: Vec<String> = (1..=WORKFLOWS).map(|number| format!("crowded-{number}")).collect();
    join_all(names.iter().map(|workflow| created(workflow))).await;
    let bert = client("bert");
    tokio::join!(join_all(names.iter().map(|workflow| fought_over(workflow))), batching(&bert, &names));
    join_all(names.iter().map(|workflow| published(workflow))).await;
}
