//! The hints by which workflows are looked up, while publishers race, requests come late or twice, and publishers die:
//! at no moment does an entry have a label without its hint.

use alims_domain::identifiers::WorkflowKey;
use alims_domain::labels::Labels;
use alims_domain::projection::IndexEntry;
use alims_dynamodb::DynamoIndex;
use alims_dynamodb::tables::{self, TableNames};
use alims_faults::{FaultyHttp, Plan, Service, UNTIL_ALL_IS_QUIET};
use alims_operations::ports::{EntryFilter, IndexQuery, WorkflowIndex, entry_of};
use alims_proof::environment::{Environment, INDEX, LOG};
use alims_testing::builders::{a_created, a_list, at, labels, version};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use fastrand::Rng;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinSet;

/// Runs with a seed each.
const RUNS: u64 = 40;
/// The versions of the workflow of one run.
const VERSIONS: u64 = 12;
/// Publishers of one run, one after another or at once.
const PUBLISHERS: usize = 5;

/// The store, which looks at the index after each write.
struct Watched {
    environment: Environment,
    /// Labels without a hint.
    bare: Mutex<Vec<String>>,
}

impl Service for Watched {
    fn answer(&self, target: &str, body: &str) -> (u16, String) {
        let answer = self.environment.answer(target, body);
        if target.ends_with("PutItem") || target.ends_with("DeleteItem") {
            self.look();
        }
        answer
    }
}

impl Watched {
    fn items(&self, keys: &[String]) -> Vec<Value> {
        let keys: Vec<Value> = keys.iter().map(|pk| json!({"pk": {"S": pk}})).collect();
        let request = json!({"RequestItems": {INDEX: {"Keys": keys, "ConsistentRead": true}}}).to_string();
        let (status, answer) = self.environment.answer("DynamoDB_20120810.BatchGetItem", &request);
        assert_eq!(status, 200, "{answer}");
        let answer: Value = serde_json::from_str(&answer).unwrap();
        answer["Responses"][INDEX].as_array().cloned().unwrap_or_default()
    }

    fn look(&self) {
        let key = key();
        let Some(entry) = self.items(&[key.to_string().replace('/', "#")]).pop() else { return };
        for (name, value) in entry["labels"]["M"].as_object().into_iter().flatten() {
            let value = value["S"].as_str().unwrap();
            let pk = format!("#term#{}#{}#label#{name}:{value}", key.tenant_id, key.workflow_id);
            if self.items(&[pk]).is_empty() {
                let at = &entry["published_version"]["N"];
                self.bare.lock().unwrap().push(format!("{name}:{value} of version {at}"));
            }
        }
    }
}

fn key() -> WorkflowKey {
    a_created("w-1").event.key()
}

fn entry_at(number: u64, of: &Labels) -> IndexEntry {
    let entry = IndexEntry::from(&a_created("w-1").event);
    let at = at(i64::try_from(number).unwrap());
    IndexEntry { published_version: version(number), labels: of.clone(), updated_at: at, ..entry }
}

/// Labels that come, go and come again.
fn history(rng: &mut Rng) -> Vec<Labels> {
    let any = |rng: &mut Rng| {
        let pairs: Vec<(&str, &str)> = [("x", "a"), ("y", "b")].into_iter().filter(|_| rng.bool()).collect();
        labels(&pairs)
    };
    (0..VERSIONS).map(|_| any(rng)).collect()
}

/// What a publisher does: it reads the entry and publishes some versions after it, with what it knows of those between.
async fn publish(index: DynamoIndex, history: Vec<Labels>, mut rng: Rng) {
    loop {
        let Ok(entry) = entry_of(&index, &key()).await else { continue };
        let from = entry.as_ref().map_or(0, |entry| entry.published_version.get());
        if from == VERSIONS {
            return;
        }
        let to = rng.u64(from + 1..=VERSIONS.min(from + 3));
        let between = history.iter().skip(usize::try_from(from).unwrap()).take(usize::try_from(to - from).unwrap());
        let kept = entry.map_or_else(Labels::default, |entry| entry.labels);
        let kept = between.fold(kept, |kept, labels| kept.shared_with(labels));
        let labels = &history[usize::try_from(to - 1).unwrap()];
        let _unknown = index.advance_keeping(&entry_at(to, labels), &kept).await;
    }
}

async fn an_index(seed: u64) -> (DynamoIndex, FaultyHttp, Arc<Watched>) {
    let watched = Arc::new(Watched { environment: Environment::new(), bare: Mutex::default() });
    let http = FaultyHttp::new(watched.clone());
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(format!("hints-{seed}-{}", fastrand::u32(..))))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new("proof", "proof", None, None, "proof")))
        .endpoint_url("http://aws.invalid")
        .http_client(http.clone())
        .build();
    let client = alims_dynamodb::client(&config);
    let names = TableNames { log: LOG.to_owned(), index: INDEX.to_owned() };
    tables::create(&client, &names).await.unwrap();
    (DynamoIndex::new(client, INDEX), http, watched)
}

#[tokio::test(start_paused = true)]
async fn no_entry_has_a_label_without_its_hint_however_publishers_race_and_die() {
    for seed in 0..RUNS {
        let mut rng = Rng::with_seed(seed);
        let (index, http, watched) = an_index(seed).await;
        http.follow(Plan::drawn(rng.u16(0..250)), seed);
        let history = history(&mut rng);
        let mut publishers = JoinSet::new();
        for number in 0..PUBLISHERS {
            let work = publish(index.clone(), history.clone(), rng.fork());
            // One of two dies half-way.
            let dies = (number > 0 && rng.bool()).then(|| Duration::from_millis(rng.u64(1..3000)));
            let life = dies.unwrap_or(UNTIL_ALL_IS_QUIET * 100);
            publishers.spawn(async move { drop(tokio::time::timeout(life, work).await) });
        }
        publishers.join_all().await;
        tokio::time::sleep(UNTIL_ALL_IS_QUIET).await;
        http.follow(Plan::Sound, seed);
        assert_eq!(*watched.bare.lock().unwrap(), Vec::<String>::new(), "seed {seed}, {history:?}");
        let newest = entry_of(&index, &key()).await.unwrap().unwrap();
        assert_eq!(newest.labels, history[history.len() - 1]);
        for (name, value) in newest.labels.iter() {
            let filter = EntryFilter { labels: vec![(name.clone(), value.clone())], ..<_>::default() };
            let query = IndexQuery { filter, ..a_list(&newest.key.tenant_id, 10) };
            assert_eq!(index.list(&query).await.unwrap().items, std::slice::from_ref(&newest), "seed {seed}");
        }
    }
}
