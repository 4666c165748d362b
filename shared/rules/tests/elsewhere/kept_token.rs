//! A token that is kept elsewhere: read once, read again when the engine refuses it, and never guessed.

use alims_operations::ports::Cause;
use alims_rules::{Authorization, KeptToken, Reach, RemoteRules, SecretStore, SecretText};
use alims_testing::fake_engine::{Deed, FakeEngine, a_yes, http};
use futures_util::future::BoxFuture;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::asking::{Asking, reach};

/// What a read finds.
#[derive(Clone, Debug)]
enum Found {
    Text(&'static str),
    Failure,
    Nothing,
}

/// A store of one secret.
struct Store {
    found: Mutex<Found>,
    reads: Mutex<usize>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Store")
    }
}

impl SecretStore for Store {
    fn read(&self) -> BoxFuture<'_, Result<SecretText, Cause>> {
        *self.reads.lock().unwrap() += 1;
        let found = self.found.lock().unwrap().clone();
        Box::pin(async move {
            match found {
                Found::Text(text) => Ok(text.to_owned().into()),
                Found::Failure => Err("the store is down".into()),
                Found::Nothing => std::future::pending().await,
            }
        })
    }
}

impl Store {
    fn with(found: Found) -> Arc<Self> {
        Arc::new(Self { found: found.into(), reads: Mutex::default() })
    }

    fn holds(&self, found: Found) {
        *self.found.lock().unwrap() = found;
    }

    fn reads(&self) -> usize {
        *self.reads.lock().unwrap()
    }
}

fn rules(store: &Arc<Store>, url: &str) -> RemoteRules {
    let store: Arc<dyn SecretStore> = store.clone();
    RemoteRules::new(Reach { authorization: Authorization::Kept(Arc::new(KeptToken::new(store))), ..reach(url) })
        .unwrap()
}

/// Lets so much time pass that a read may be made again.
async fn later() {
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(5)).await;
    tokio::time::resume();
}

fn refusal(status: &str) -> Deed {
    Deed::Bytes(http(status, "", b""))
}

/// The tokens that the engine was sent, in order.
fn sent(engine: &FakeEngine) -> Vec<String> {
    let token =
        |head: &str| head.split_once("authorization: Bearer ").unwrap().1.split("\r\n").next().unwrap().to_owned();
    engine.received().iter().map(|received| token(&received.head)).collect()
}

#[tokio::test]
async fn a_token_is_read_once_and_outlives_its_store() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let store = Store::with(Found::Text("first\n"));
    let (rules, asking) = (rules(&store, &engine.url), Asking::to_complete());
    rules.warm().await;
    store.holds(Found::Failure);
    for _ in 0..3 {
        asking.judged_by(&rules).await.unwrap();
        later().await;
    }
    assert_eq!((store.reads(), sent(&engine)), (1, vec!["first".to_owned(); 3]));
}

#[tokio::test]
async fn a_token_that_was_replaced_is_read_again_when_the_engine_refuses_the_old_one() {
    for status in ["401 Unauthorized", "403 Forbidden"] {
        let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
        let store = Store::with(Found::Text("first"));
        let (rules, asking) = (rules(&store, &engine.url), Asking::to_complete());
        asking.judged_by(&rules).await.unwrap();
        store.holds(Found::Text("second"));
        later().await;
        engine.next([refusal(status)]);
        asking.judged_by(&rules).await.unwrap();
        asking.judged_by(&rules).await.unwrap();
        assert_eq!(
            (store.reads(), sent(&engine)),
            (2, ["first", "first", "second", "second"].map(str::to_owned).to_vec())
        );
    }
}

#[tokio::test]
async fn an_engine_that_refuses_every_token_makes_one_read_in_five_seconds_and_gives_no_verdict() {
    let engine = FakeEngine::that(refusal("401 Unauthorized")).await;
    let store = Store::with(Found::Text("first"));
    let (rules, asking) = (rules(&store, &engine.url), Asking::to_complete());
    for reads in [1, 2] {
        for _ in 0..2 {
            assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), "it answered with status 401");
            assert_eq!(store.reads(), reads);
        }
        later().await;
    }
    assert_eq!(engine.calls(), 4, "the same token is not tried again");
}

#[tokio::test]
async fn a_token_that_cannot_be_read_leaves_the_engine_unasked_and_is_read_later() {
    for (found, why) in [
        (Found::Failure, "the rules engine's token could not be read"),
        (Found::Text(""), "the secret of the rules engine's token is not usable: it is empty"),
        (
            Found::Text("pl4nted s3cret"),
            "the secret of the rules engine's token is not usable: it holds characters that no bearer token has",
        ),
        (
            Found::Text("{\"password\": \"pl4nted\"}"),
            "the secret of the rules engine's token is not usable: it is JSON without a text named token",
        ),
    ] {
        let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
        let store = Store::with(found);
        let (rules, asking) = (rules(&store, &engine.url), Asking::to_complete());
        assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), why);
        let waiting = "the last read of the rules engine's token failed; the next comes after 5 s";
        // However many fail so, the circuit breaker does not count them: the engine was never asked.
        for _ in 0..9 {
            assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), waiting);
        }
        assert_eq!((store.reads(), engine.calls()), (1, 0));
        store.holds(Found::Text("good"));
        later().await;
        asking.judged_by(&rules).await.unwrap();
        assert_eq!(sent(&engine), ["good"]);
        let shown = format!("{rules:?}");
        assert!(!shown.contains("good") && !shown.contains("pl4nted"), "{shown}");
    }
}

#[tokio::test]
async fn a_refused_token_stays_when_no_other_can_be_read() {
    let engine = FakeEngine::that(Deed::Answer(a_yes())).await;
    let store = Store::with(Found::Text("first"));
    let (rules, asking) = (rules(&store, &engine.url), Asking::to_complete());
    asking.judged_by(&rules).await.unwrap();
    store.holds(Found::Failure);
    later().await;
    engine.next([refusal("403 Forbidden")]);
    assert_eq!(Asking::expect_none(asking.judged_by(&rules).await), "it answered with status 403");
    asking.judged_by(&rules).await.unwrap();
    assert_eq!(store.reads(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_store_that_hangs_keeps_no_caller_waiting_for_ever() {
    let store = Store::with(Found::Nothing);
    // Nothing listens there, and nothing is sent.
    let rules = rules(&store, "http://127.0.0.1:9");
    let why = Asking::expect_none(Asking::to_complete().judged_by(&rules).await);
    assert_eq!(why, "the rules engine's token was not read within 1000 ms");
}
