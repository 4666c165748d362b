//! The real adapters on the real SDK over a environment in this process, and the client between them that fails.

use alims_domain::hashing::{ChainHash, canonical_json};
use alims_domain::identifiers::WorkflowKey;
use alims_domain::lifecycle::State;
use alims_domain::projection::IndexEntry;
use alims_domain::quarantine::{BreakId, QuarantineRecord};
use alims_domain::refusal::{KeptRefusal, Refusal};
use alims_domain::ruling::{RulesQuestion, Transition, Verdict};
use alims_domain::stored_version::StoredVersion;
use alims_dynamodb::tables::{self, TableNames};
use alims_dynamodb::{DynamoIndex, DynamoLog, stream_record};
use alims_eventbridge::EventBridgeBus;
use alims_faults::{FaultyHttp, Plan, UNTIL_ALL_IS_QUIET};
use alims_operations::get_workflow_state;
use alims_operations::ports::{QuarantineLog, RulesUnavailable, StoreError, TransitionRules, WorkflowLog, entry_of};
use alims_operations::publish_events::StreamRecord;
use alims_operations::recovery_step;
use alims_operations::release_workflow;
use alims_operations::replay_events;
use alims_operations::{DecisionPorts, PublishPorts, ReadPorts};
use alims_testing::builders::{a_key_of, at, version};
use alims_testing::{EverybodyMay, RulesThatAllow, RulesThatDeny, SequentialIds, SteppingClock};
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use std::sync::{Arc, Mutex};

use crate::environment::{Environment, INDEX, LOG};
use crate::outside::recording::is_version;

/// Whose workflows all of a harness are.
pub const TENANT: &str = "lab";
/// So far apart are ids, and with them refusals: no run is a flood of those. What bounds a flood has tests of its own.
const IDS_APART_MILLIS: u64 = 15_000;
/// Versions and refusals of one workflow that are read to look at it; no run makes as many.
const ENTRIES_MAX: usize = 10_000;

/// One environment and the way to it.
#[derive(Clone)]
pub struct Harness {
    /// AWS.
    pub environment: Arc<Environment>,
    /// What goes wrong on the way there.
    pub http: FaultyHttp,
    /// The log.
    pub log: DynamoLog,
    /// The index.
    pub index: DynamoIndex,
    /// The bus.
    pub bus: EventBridgeBus,
    clock: Arc<SteppingClock>,
    ids: Arc<SequentialIds>,
}

impl Harness {
    /// A harness with empty tables, on which nothing goes wrong yet. The seed gives it a name of its own: the SDK counts
    /// its failures by region, over all clients of a process.
    ///
    /// # Panics
    /// When the tables cannot be made.
    pub async fn open(seed: u64) -> Self {
        let environment = Arc::new(Environment::new());
        let http = FaultyHttp::new(environment.clone());
        let credentials = Credentials::new("proof", "proof", None, None, "proof");
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(format!("proof-{seed}-{}", fastrand::u32(..))))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            .endpoint_url("http://aws.invalid")
            .http_client(http.clone())
            .build();
        let client = alims_dynamodb::client(&config);
        let names = TableNames { log: LOG.to_owned(), index: INDEX.to_owned() };
        tables::create(&client, &names).await.expect("tables");
        Self {
            environment,
            http,
            log: DynamoLog::new(client.clone(), LOG),
            index: DynamoIndex::new(client, INDEX),
            bus: EventBridgeBus::new(&config, "bus"),
            clock: Arc::new(SteppingClock::new(at(0), 7)),
            ids: Arc::new(SequentialIds::apart(IDS_APART_MILLIS)),
        }
    }

    /// The ports of an operation that decides, with rules that allow everything.
    #[must_use]
    pub fn deciding(&self) -> DecisionPorts<DynamoLog, RulesThatAllow> {
        self.deciding_over(self.log.clone(), RulesThatAllow)
    }

    /// The same over another log and other rules.
    #[must_use]
    pub fn deciding_over<L, R>(&self, log: L, rules: R) -> DecisionPorts<L, R> {
        DecisionPorts { log, rules, policy: Arc::new(EverybodyMay), clock: self.clock.clone(), ids: self.ids.clone() }
    }

    /// The ports of an operation that reads a state.
    #[must_use]
    pub fn reading<L>(&self, store: L) -> get_workflow_state::Ports<L, RulesThatAllow> {
        let reading = ReadPorts { store, policy: Arc::new(EverybodyMay) };
        get_workflow_state::Ports { reading, rules: RulesThatAllow, clock: self.clock.clone() }
    }

    /// The ports of a publisher.
    #[must_use]
    pub fn publishing(&self) -> PublishPorts<DynamoLog, DynamoIndex, EventBridgeBus> {
        PublishPorts { log: self.log.clone(), index: self.index.clone(), bus: self.bus.clone() }
    }

    /// The ports of a replay.
    #[must_use]
    pub fn replaying<L, I, B>(&self, publishing: PublishPorts<L, I, B>) -> replay_events::Ports<L, I, B> {
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        replay_events::Ports { publishing, policy: Arc::new(EverybodyMay), clock, ids }
    }

    /// The ports of a turn of a recovery.
    #[must_use]
    pub fn recovering<L, I, B, R>(
        &self,
        publishing: PublishPorts<L, I, B>,
        rules: R,
    ) -> recovery_step::Ports<L, I, B, R> {
        recovery_step::Ports { publishing, rules, clock: self.clock.clone() }
    }

    /// The ports of a release.
    #[must_use]
    pub fn releasing<L>(&self, log: L) -> release_workflow::Ports<L, DynamoIndex> {
        let (clock, ids) = (self.clock.clone(), self.ids.clone());
        release_workflow::Ports { log, index: self.index.clone(), policy: Arc::new(EverybodyMay), clock, ids }
    }

    /// Has a stored version altered by an intruder. Gives back the hash of what is stored then, and that of the change,
    /// which the stream shows.
    ///
    /// # Panics
    /// When there is no such version.
    #[must_use]
    pub fn alter(&self, workflow: &str, number: u64, name: &str) -> (ChainHash, ChainHash) {
        let (stored, change) =
            self.environment.alter(&format!("{TENANT}#{workflow}"), &format!("v#{number:010}"), name);
        let read = |record| stream_record(serde_json::from_value(record).expect("a record of the stream"));
        let StreamRecord::Version { version, .. } = read(stored) else { panic!("it can still be read") };
        let StreamRecord::Changed { change, .. } = read(change) else { panic!("it is a change") };
        let stored = ChainHash::of(canonical_json(&version.event).expect("what was stored has JSON").as_bytes());
        (stored, change.found.content)
    }

    /// Lets nothing go wrong any more, and whatever is still on its way arrive.
    pub async fn settle(&self) {
        self.http.follow(Plan::Sound, 0);
        tokio::time::sleep(UNTIL_ALL_IS_QUIET).await;
    }

    /// What the log holds of a workflow. For harnesses that are settled.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn kept(&self, workflow: &str) -> (Vec<StoredVersion>, Vec<Refusal>) {
        let key = key(workflow);
        let versions = self.log.versions(&key, version(1), ENTRIES_MAX).await.expect("the log");
        let refusals = self.log.refusals(&key, None, ENTRIES_MAX).await.expect("the log");
        (versions, refusals.into_iter().filter_map(KeptRefusal::readable).collect())
    }

    /// The names of the breaks of a workflow that are in force.
    ///
    /// # Errors
    /// When the log does not answer.
    pub async fn breaks_in_force(&self, workflow: &str) -> Result<Vec<BreakId>, StoreError> {
        let in_force = self.log.quarantine(&key(workflow)).await?.in_force();
        Ok(in_force.iter().map(|in_force| in_force.found.id()).collect())
    }

    /// Whether a break with this content is released; no, when the log does not answer.
    pub async fn is_released(&self, workflow: &str, content: &str) -> bool {
        let record = self.log.quarantine(&key(workflow)).await.unwrap_or_default();
        record.releases().iter().any(|release| release.content.to_string() == content)
    }

    /// What the log holds of a workflow's quarantines. For harnesses that are settled.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn quarantines(&self, workflow: &str) -> QuarantineRecord {
        self.log.quarantine(&key(workflow)).await.expect("the log")
    }

    /// What the index holds of a workflow. For harnesses that are settled.
    ///
    /// # Panics
    /// When it cannot be read.
    pub async fn indexed(&self, workflow: &str) -> Option<IndexEntry> {
        entry_of(&self.index, &key(workflow)).await.expect("the index")
    }

    /// The versions of a workflow in the order of their first appearance on the bus, and how many events came again.
    #[must_use]
    pub fn first_appearances(&self, workflow: &str) -> (Vec<u64>, usize) {
        let (mut first, mut again) = (Vec::new(), 0);
        for event in self.environment.accepted() {
            if event["workflow_id"] != workflow || is_unordered(&event) {
                continue;
            }
            let version = event["version"].as_u64().expect("a version");
            if first.contains(&version) {
                again += 1;
            } else {
                first.push(version);
            }
        }
        (first, again)
    }
}

/// Whether an event is no version's and has no place in any order, as those of refusals, quarantines, releases and due
/// dates that passed. Their `version` is the one that the workflow had.
#[must_use]
pub fn is_unordered(event: &serde_json::Value) -> bool {
    !is_version(event)
}

/// A workflow of the harness's tenant.
#[must_use]
pub fn key(workflow: &str) -> WorkflowKey {
    a_key_of(&TENANT.parse().expect("a tenant"), workflow)
}

/// Rules of changing mood: out of a hundred times they deny so often, and so often give no answer. In every mood they
/// demand a current signature of a workflow that is to be completed.
#[derive(Clone, Debug)]
pub struct MoodyRules {
    rng: Arc<Mutex<fastrand::Rng>>,
    deny: u8,
    silent: u8,
}

impl MoodyRules {
    /// Rules whose moods follow from the seed.
    #[must_use]
    pub fn new(seed: u64, deny: u8, silent: u8) -> Self {
        Self { rng: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))), deny, silent }
    }
}

impl TransitionRules for MoodyRules {
    async fn judge(&self, question: &RulesQuestion<'_>) -> Result<Verdict, RulesUnavailable> {
        let mood = self.rng.lock().unwrap().u8(..100);
        let Transition { to, signatures, .. } = question.transition;
        let is_signed = *to != State::Completed || signatures.iter().any(|signature| signature.current);
        let keeps = question.transition.keeps_the_state();
        if mood < self.deny || !(is_signed || keeps) {
            RulesThatDeny.judge(question).await
        } else if mood < self.deny + self.silent {
            Err(RulesUnavailable("in no mood for an answer".into()))
        } else {
            RulesThatAllow.judge(question).await
        }
    }
}
