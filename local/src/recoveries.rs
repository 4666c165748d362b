//! Recoveries on a laptop: it runs the machine from which the deployment's definition is written, one task per
//! execution.
//!
//! Running executions are lost when the process ends. Their claims are in the log: the next request or the sweep starts
//! them again under the same id, and each turn recognises completed work.

use alims_domain::identifiers::RecoveryId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_dynamodb::{DynamoIndex, DynamoLog};
use alims_operations::ports::{Clock, EndedHow, ExecutionStatus, RecoveryStarter, Start, StarterError};
use alims_operations::{PublishPorts, StartPorts};
use alims_recovery::{Ended, RECOVER_WORKFLOW, StateError, Timer};
use serde_json::Value;
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::bus::LocalBus;
use crate::rules::SharedRules;

/// The ports of a turn here.
pub(crate) type Recovers = alims_operations::recovery_step::Ports<DynamoLog, DynamoIndex, LocalBus, SharedRules>;

/// How many turns are made at once: the embedded database does one thing at a time.
const TURNS_AT_ONCE: usize = 32;
/// How many executions that have ended are remembered.
const REMEMBERED_MAX: usize = 10_000;

/// The ports with which recoveries start here, over these stores.
pub(crate) fn starting(
    publishing: &PublishPorts<DynamoLog, DynamoIndex, LocalBus>,
    rules: SharedRules,
    clock: &Arc<dyn Clock>,
) -> StartPorts<DynamoLog, LocalStarter> {
    let recovers = Recovers { publishing: publishing.clone(), rules, clock: clock.clone() };
    StartPorts { log: publishing.log.clone(), starter: LocalStarter::new(recovers), clock: clock.clone() }
}

/// Starts recoveries as tasks of this process. Clones share them.
#[derive(Clone)]
pub(crate) struct LocalStarter(Arc<Shared>);

struct Shared {
    recovers: Recovers,
    turns: Semaphore,
    executions: Mutex<Executions>,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// By name: under way, or how it ended.
#[derive(Default)]
struct Executions {
    known: HashMap<RecoveryId, Option<EndedHow>>,
    ended: VecDeque<RecoveryId>,
}

impl LocalStarter {
    /// A starter whose turns use these ports.
    pub(crate) fn new(recovers: Recovers) -> Self {
        Self(Arc::new(Shared {
            recovers,
            turns: Semaphore::new(TURNS_AT_ONCE),
            executions: Mutex::default(),
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
        }))
    }

    /// Cancels the running executions, between two effects or during one: a process may end at either point.
    pub(crate) async fn stop(&self) {
        self.0.stop.cancel();
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }

    fn executions(&self) -> std::sync::MutexGuard<'_, Executions> {
        self.0.executions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn carry_out(self, recovery_id: RecoveryId, document: Value) {
        let invoke = |document| turn(&self.0, document);
        let how = match RECOVER_WORKFLOW.run(document, &invoke, &RealTime).await {
            Ended::Succeeded(_) => EndedHow::Succeeded,
            Ended::Failed { error, cause } => {
                tracing::error!(%recovery_id, error, cause, "the recovery ended without an outcome");
                EndedHow::Failed
            }
            Ended::TimedOut => {
                tracing::error!(%recovery_id, "the recovery took too long");
                EndedHow::TimedOut
            }
        };
        let mut executions = self.executions();
        executions.known.insert(recovery_id.clone(), Some(how));
        executions.ended.push_back(recovery_id);
        if executions.ended.len() > REMEMBERED_MAX
            && let Some(oldest) = executions.ended.pop_front()
        {
            executions.known.remove(&oldest);
        }
    }
}

/// Calls the function as Lambda does: the document as JSON, in a task of its own, a panic contained.
async fn turn(shared: &Arc<Shared>, document: Value) -> Result<Value, StateError> {
    let unknown = |cause: String| StateError { name: "Lambda.Unknown".to_owned(), cause };
    let shared = shared.clone();
    let called = AbortOnDropHandle::new(tokio::spawn(async move {
        let _turn = shared.turns.acquire().await;
        let document: RecoveryDocument = serde_json::from_value(document).map_err(malformed)?;
        let next = recovery_step::recovery_step(&shared.recovers, document).await;
        let next =
            next.map_err(|failure| StateError { name: failure.name().to_owned(), cause: failure.to_string() })?;
        serde_json::to_value(next).map_err(malformed)
    }));
    called.await.map_err(|error| unknown(error.to_string()))?
}

fn malformed(error: serde_json::Error) -> StateError {
    StateError { name: "Runtime.MalformedDocument".to_owned(), cause: error.to_string() }
}

impl RecoveryStarter for LocalStarter {
    async fn start(&self, document: &RecoveryDocument) -> Result<Start, StarterError> {
        let input = serde_json::to_value(document).map_err(|error| StarterError::Refused(error.into()))?;
        let recovery_id = document.recovery_id.clone();
        {
            let mut executions = self.executions();
            match executions.known.get(&recovery_id) {
                Some(Some(_)) => return Ok(Start::Ended),
                Some(None) => return Ok(Start::AlreadyRunning),
                None => executions.known.insert(recovery_id.clone(), None),
            };
        }
        let carried_out = self.clone().carry_out(recovery_id, input);
        self.0.tasks.spawn(self.0.stop.clone().run_until_cancelled_owned(carried_out));
        Ok(Start::Started)
    }

    async fn status(&self, recovery_id: &RecoveryId) -> Result<ExecutionStatus, StarterError> {
        Ok(match self.executions().known.get(recovery_id) {
            None => ExecutionStatus::Unknown,
            Some(None) => ExecutionStatus::Running,
            Some(Some(how)) => ExecutionStatus::Ended(*how),
        })
    }
}

/// The clock and the chance of the machine.
struct RealTime;

impl Timer for RealTime {
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    fn fraction(&self) -> f64 {
        fastrand::f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access_key::AccessKey;
    use crate::archive::Archive;
    use crate::console::Console;
    use crate::database::EmbeddedDatabase;
    use crate::folder::DataFolder;
    use crate::guard::Guard;
    use crate::listening::Port;
    use crate::server::stores;
    use crate::serving::Patience;
    use alims_rules::{Engine, Rules};
    use alims_runtime::{FreshIds, SystemClock};
    use alims_testing::contract::rules::in_cel;
    use alims_testing::contract::starter::StarterStage;
    use tempfile::TempDir;

    /// A recovery that has not ended by then never will: the test fails instead of hanging.
    const PATIENCE: Duration = Duration::from_secs(60);

    /// A starter that holds its turns until the test ends a recovery.
    struct Held {
        starter: LocalStarter,
        _database: EmbeddedDatabase,
        _folder: TempDir,
    }

    async fn held() -> Held {
        let folder = tempfile::tempdir().unwrap();
        let port = Port::open(0, "--database-port", None).await.unwrap();
        let key = AccessKey::load_or_create(&DataFolder::open(folder.path()).unwrap()).unwrap();
        let (path, guard) = (folder.path().join("dynamodb.sqlite"), Guard::new(&[]));
        let database = EmbeddedDatabase::start(&path, port, &guard, key, Patience::default()).unwrap();
        let archive = Arc::new(Archive::open(&folder.path().join("events.jsonl")).unwrap());
        let (_, publishing) = stores(&database, LocalBus::new(archive, Console::silent())).await.unwrap();
        std::fs::write(folder.path().join("rules.yaml"), in_cel()).unwrap();
        let engine = Engine::Embedded { rules: folder.path().to_owned() };
        let rules = Arc::new(Rules::of(engine, Arc::new(FreshIds)).unwrap());
        let rules = SharedRules { rules, down_while: None };
        let starter = LocalStarter::new(alims_operations::recovery_step::Ports {
            publishing,
            rules,
            clock: Arc::new(SystemClock),
        });
        assert_eq!(starter.0.turns.forget_permits(TURNS_AT_ONCE), TURNS_AT_ONCE);
        Held { starter, _database: database, _folder: folder }
    }

    impl StarterStage for Held {
        fn starter(&self) -> &impl RecoveryStarter {
            &self.starter
        }

        /// Those that are under way are tasks, and those that have ended are remembered.
        fn runs(&self) -> usize {
            self.starter.0.tasks.len().max(self.starter.executions().ended.len())
        }

        async fn end(&self, recovery_id: &RecoveryId) {
            self.starter.0.turns.add_permits(1);
            let ended = async {
                while self.starter.status(recovery_id).await.unwrap() == ExecutionStatus::Running {
                    tokio::time::sleep(Duration::from_millis(2)).await;
                }
            };
            tokio::time::timeout(PATIENCE, ended).await.unwrap();
            self.starter.0.turns.acquire().await.unwrap().forget();
        }

        fn forget(&self, recovery_id: &RecoveryId) {
            self.starter.executions().known.remove(recovery_id);
        }
    }

    alims_testing::starter_contract!(held().await);
}
