//! The remote engine: a clear answer is the verdict, everything else is none, and a dead engine is spared.

use alims_domain::event::AppliedRules;
use alims_domain::refusal::RuleReason;
use alims_domain::ruling::Verdict;
use alims_rules::{Authorization, AwsSigner, BearerToken, DEADLINE_DEFAULT, Reach, RemoteRules};
use alims_testing::FixedClock;
use alims_testing::builders::at;
use alims_testing::fake_engine::{Deed, FakeEngine, a_no, a_yes, faults_at_once, http};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

use crate::asking::{Asking, PATIENCE, reach, within};

/// What the breaker says when it does not let ask.
const SPARED: &str = "the circuit breaker is open";

fn remote(engine: &FakeEngine) -> RemoteRules {
    RemoteRules::new(reach(&engine.url)).unwrap()
}

fn applied() -> AppliedRules {
    AppliedRules { ruleset: "fake".to_owned(), ruleset_version: "1".to_owned(), evaluated: vec!["r-1".to_owned()] }
}

/// As if so much time had passed, while connections go on in the world's own time.
async fn later(by: Duration) {
    tokio::time::pause();
    tokio::time::advance(by).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_clear_answer_is_the_verdict() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let (rules, asking) = (remote(&engine), Asking::to_complete());
    assert_eq!(asking.judged_by(&rules).await.unwrap(), Verdict::Allow(applied()));
    engine.from_now_on(Deed::Answer(a_no()));
    let reasons = vec![RuleReason { rule_id: "r-1".to_owned(), message: "Not like this.".to_owned() }];
    assert_eq!(asking.judged_by(&rules).await.unwrap(), Verdict::Deny { rules: applied(), reasons });
}

#[tokio::test]
async fn an_engine_need_not_repeat_the_request_id_nor_tell_what_it_evaluated() {
    let mut answer = a_no();
    let members = answer.as_object_mut().unwrap();
    members.remove("request_id");
    members.remove("evaluated");
    let engine = FakeEngine::that(Deed::Answer(answer)).await;
    let verdict = Asking::to_complete().judged_by(&remote(&engine)).await.unwrap();
    assert!(matches!(verdict, Verdict::Deny { rules, .. } if rules == applied()), "what was not met was evaluated");
}

#[tokio::test]
async fn the_question_tells_everything_and_asks_for_plain_json() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    Asking::to_complete().judged_by(&remote(&engine)).await.unwrap();
    let received = engine.received().remove(0);
    let head = received.head.to_ascii_lowercase();
    assert!(head.starts_with("post /v1/transitions/validate http/1.1\r\n"), "{head}");
    for header in ["accept: application/json", "accept-encoding: identity", "content-type: application/json"] {
        assert!(head.contains(&format!("\r\n{header}\r\n")), "{header}: {head}");
    }
    assert!(!head.contains("authorization"), "{head}");
    let expected = json!({
        "request_id": "request-1", "tenant_id": "default",
        "workflow": {
            "workflow_id": "wf-1", "workflow_type": "sample-analysis", "current_state": "ACTIVE",
            "previous_state": "CREATED", "version": 2, "created_at": "2026-11-23T08:15:00.000Z",
            "updated_at": "2026-11-23T08:15:01.000Z", "created_by": "alice", "updated_by": "bob",
            "metadata": {"sample": "S-1"}, "labels": {}, "due_at": null, "assignee": null, "replaces": null
        },
        "transition": {
            "kind": "move", "from_state": "ACTIVE", "to_state": "COMPLETED", "reason": "It is done.",
            "metadata": {"sample": "S-1", "results": [1.5], "review": {"conclusion": "approved"}},
            "labels": {}, "due_at": null, "assignee": null, "replaces": null, "failure": null, "signature": null
        },
        "actor": {"id": "bob", "roles": ["supervisor"]}, "signatures": [], "context": {}, "now": "2026-11-23T08:15:09.000Z"
    });
    assert_eq!(received.body, expected);
}

#[tokio::test]
async fn an_amendment_is_told_with_what_changes() {
    let engine = FakeEngine::that(Deed::Answer(with_kind(a_yes(), "amendment"))).await;
    let verdict = Asking::to_amend().judged_by(&remote(&engine)).await.unwrap();
    assert_eq!(verdict, Verdict::Allow(applied()));
    let question = engine.received().remove(0).body;
    let expected = json!({
        "kind": "amendment", "from_state": "ACTIVE", "to_state": "ACTIVE", "reason": "It is done.",
        "metadata": {"sample": "S-1"}, "labels": {"lot.1": "L", "sample": "S-1"},
        "due_at": "2026-11-23T08:15:10.000Z", "assignee": "carol", "replaces": "wf-0", "failure": null, "signature": null
    });
    assert_eq!(question["transition"], expected);
    let workflow = &question["workflow"];
    assert_eq!((&workflow["labels"], &workflow["replaces"]), (&json!({"lot.1": "L"}), &json!("wf-0")));
    assert_eq!((&workflow["due_at"], &workflow["assignee"]), (&Value::Null, &Value::Null));
}

#[tokio::test]
async fn an_engine_that_does_not_know_amendments_gives_no_verdict_on_them() {
    let missing = "its answer violates the contract: it does not say that it judged an amendment or a signature";
    let other = "its answer violates the contract: it answers another question";
    for (answer, why) in [
        (a_yes(), missing),
        (a_no(), missing),
        (with_kind(a_yes(), "move"), other),
        (with_kind(a_no(), "creation"), other),
    ] {
        let engine = FakeEngine::that(Deed::Answer(answer.clone())).await;
        let told = Asking::expect_none(Asking::to_amend().judged_by(&remote(&engine)).await);
        assert_eq!(told, why, "{answer}");
    }
    // It goes on judging moves, whether it names them or not, and an answer about an amendment is none about a move.
    for (answer, good) in [(with_kind(a_yes(), "move"), true), (with_kind(a_yes(), "amendment"), false)] {
        let engine = FakeEngine::that(Deed::Answer(answer.clone())).await;
        assert_eq!(Asking::to_complete().judged_by(&remote(&engine)).await.is_ok(), good, "{answer}");
    }
}

fn with_kind(mut answer: Value, kind: &str) -> Value {
    answer["kind"] = json!(kind);
    answer
}

#[tokio::test]
async fn an_unclear_answer_is_no_verdict() {
    let (asking, mut complaints) = (Asking::to_complete(), Vec::new());
    for (what, deed, calls) in faults_at_once() {
        let engine = FakeEngine::that(deed).await;
        let outcome = asking.judged_by(&remote(&engine)).await;
        if outcome.is_ok() || engine.calls() != calls {
            complaints.push(format!("{what}, asked {} times: {outcome:?}", engine.calls()));
        }
    }
    assert!(complaints.is_empty(), "{complaints:#?}");
}

#[tokio::test]
async fn an_engine_that_is_gone_gives_no_verdict() {
    let engine = FakeEngine::that(Deed::Silence).await;
    let rules = remote(&engine);
    drop(engine);
    // The port is closed once the task that held it is gone.
    tokio::task::yield_now().await;
    let why = Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    assert_eq!(why, "the connection failed");
    rules.warm().await;
}

#[tokio::test]
async fn an_engine_that_cannot_show_who_it_is_is_not_talked_to() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let rules = RemoteRules::new(reach(&engine.url.replace("http:", "https:"))).unwrap();
    let why = Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    assert_eq!(why, "the connection failed");
    assert_eq!(engine.calls(), 0);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_does_not_come_in_time_is_no_verdict() {
    let whole = http("200 OK", "content-type: application/json\r\n", a_yes().to_string().as_bytes());
    for deed in [Deed::Silence, Deed::Drip(whole), Deed::Drip(b"HTTP/1.1 200 OK\r\nserver:".to_vec())] {
        let engine = FakeEngine::that(deed.clone()).await;
        let rules = RemoteRules::new(within(&engine.url, DEADLINE_DEFAULT)).unwrap();
        let begun = tokio::time::Instant::now();
        let why = Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
        assert_eq!(why, "no verdict within 300 ms", "{deed:?}");
        assert_eq!(begun.elapsed(), DEADLINE_DEFAULT, "{deed:?}: by the clock of this test");
    }
}

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_once_more_and_no_oftener() {
    let (asking, down) = (Asking::to_complete(), Deed::Bytes(http("500 Internal Server Error", "", b"")));
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let rules = remote(&engine);
    engine.next([down.clone()]);
    assert!(asking.judged_by(&rules).await.is_ok());
    assert_eq!(engine.calls(), 2);
    engine.next([Deed::BytesAndLeave(Vec::new()), down]);
    assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), "it answered with status 500");
    assert_eq!(engine.calls(), 4);
}

#[tokio::test]
async fn a_connection_is_kept_and_one_that_was_closed_meanwhile_is_made_anew() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let (rules, asking) = (remote(&engine), Asking::to_complete());
    rules.warm().await;
    for _ in 0..3 {
        asking.judged_by(&rules).await.unwrap();
    }
    assert_eq!((engine.calls(), engine.connections()), (3, 1));
    engine.from_now_on(Deed::AnswerAndLeave(a_yes()));
    for _ in 0..3 {
        asking.judged_by(&rules).await.unwrap();
    }
    assert!(engine.connections() >= 3, "{} connections", engine.connections());
}

#[tokio::test]
async fn a_dead_engine_is_spared_and_asked_once_whether_it_is_back() {
    let down = Deed::Bytes(http("503 Service Unavailable", "", b""));
    let engine = FakeEngine::that(down).await;
    let (rules, asking) = (remote(&engine), Asking::to_complete());
    for judgement in 1..=5 {
        assert_ne!(Asking::expect_none(asking.judged_by(&rules).await), SPARED);
        assert_eq!(engine.calls(), 2 * judgement);
    }
    for _ in 0..20 {
        assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), SPARED);
    }
    assert_eq!(engine.calls(), 10, "it is spared");

    later(Duration::from_secs(5)).await;
    assert_ne!(Asking::expect_none(asking.judged_by(&rules).await), SPARED);
    assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), SPARED, "the probe failed");
    assert_eq!(engine.calls(), 12);

    later(Duration::from_secs(5)).await;
    engine.from_now_on(Deed::Wait(a_yes()));
    let probe = asking.judged_by(&rules);
    let others = async {
        while engine.calls() < 13 {
            tokio::task::yield_now().await;
        }
        for _ in 0..3 {
            assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), SPARED, "one probe is out");
        }
        engine.go_on();
    };
    let both = async { tokio::join!(probe, others) };
    let (outcome, ()) = tokio::time::timeout(PATIENCE, both).await.expect("the probe never comes");
    assert!(outcome.is_ok());
    assert_eq!(engine.calls(), 13);
    assert!(asking.judged_by(&rules).await.is_ok(), "it is back");
}

#[tokio::test]
async fn a_request_that_the_engine_refuses_does_not_make_it_dead_for_others() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let (rules, asking) = (remote(&engine), Asking::to_complete());
    engine.next(vec![Deed::Bytes(http("413 Content Too Large", "", b"")); 20]);
    for _ in 0..20 {
        assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), "it answered with status 413");
    }
    assert!(asking.judged_by(&rules).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_grew_with_the_question_does_not_make_the_engine_dead_for_others() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let (rules, asking) = (remote(&engine), Asking::to_complete());
    let mut long = a_yes();
    long["ruleset"] = "x".repeat(64 * 1024).into();
    engine.next(vec![Deed::Answer(long); 20]);
    for _ in 0..20 {
        let why = Asking::expect_none(asking.judged_by(&rules).await);
        assert_eq!(why, "its answer is larger than 65536 bytes");
    }
    assert!(asking.judged_by(&rules).await.is_ok());
}

#[tokio::test]
async fn a_token_is_sent_and_never_shown() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let authorization = Authorization::Bearer(BearerToken::new("s3cret").unwrap());
    let rules = RemoteRules::new(Reach { authorization, ..reach(&engine.url) }).unwrap();
    Asking::to_complete().judged_by(&rules).await.unwrap();
    assert!(engine.received()[0].head.contains("\r\nauthorization: Bearer s3cret\r\n"));
    assert!(!format!("{rules:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_request_is_signed_with_the_credentials_for_the_service_at_this_time() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let authorization = Authorization::SigV4(AwsSigner {
        credentials: aws_credential_types::Credentials::new("AKID", "secret", Some("session".to_owned()), None, "test"),
        region: "eu-central-1".to_owned(),
        service: "execute-api".to_owned(),
        clock: Arc::new(FixedClock::new(at(0))),
    });
    let rules = RemoteRules::new(Reach { authorization, ..reach(&engine.url) }).unwrap();
    let mut asking = Asking::to_complete();
    asking.judged_by(&rules).await.unwrap();
    asking.actor.id = "carol".parse().unwrap();
    asking.judged_by(&rules).await.unwrap();
    let heads: Vec<String> = engine.received().into_iter().map(|received| received.head).collect();
    let signed = "authorization: AWS4-HMAC-SHA256 Credential=AKID/20261123/eu-central-1/execute-api/aws4_request, ";
    let signature = |head: &str| head.split_once("Signature=").unwrap().1.split_once("\r\n").unwrap().0.to_owned();
    for head in &heads {
        for part in [signed, "x-amz-date: 20261123T081500Z\r\n", "x-amz-security-token: session\r\n", "host;"] {
            assert!(head.contains(part), "{part}: {head}");
        }
    }
    assert_ne!(signature(&heads[0]), signature(&heads[1]), "the body is signed");
}
