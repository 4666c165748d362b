//! A recovery starter in memory: it records the requested starts, and runs nothing.

use alims_domain::identifiers::RecoveryId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_operations::ports::{EndedHow, ExecutionStatus, RecoveryStarter, Start, StarterError};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// Executions by name. Clones share them.
#[derive(Clone, Debug, Default)]
pub struct MemoryStarter(Arc<Mutex<BTreeMap<RecoveryId, Execution>>>);

#[derive(Clone, Debug)]
struct Execution {
    document: RecoveryDocument,
    ended: Option<EndedHow>,
}

impl MemoryStarter {
    /// The recoveries that were started and have not ended, by id.
    #[must_use]
    pub fn running(&self) -> Vec<RecoveryDocument> {
        let executions = self.0.lock().unwrap();
        executions.values().filter(|it| it.ended.is_none()).map(|it| it.document.clone()).collect()
    }

    /// How many executions there were.
    #[must_use]
    pub fn started(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    /// Ends one that is under way.
    pub fn end(&self, recovery_id: &RecoveryId, how: EndedHow) {
        let mut executions = self.0.lock().unwrap();
        executions.get_mut(recovery_id).expect("an execution of this name").ended = Some(how);
    }

    /// Forgets one, as a starter does after some months.
    pub fn forget(&self, recovery_id: &RecoveryId) {
        self.0.lock().unwrap().remove(recovery_id);
    }
}

impl RecoveryStarter for MemoryStarter {
    async fn start(&self, document: &RecoveryDocument) -> Result<Start, StarterError> {
        let mut executions = self.0.lock().unwrap();
        match executions.get(&document.recovery_id) {
            Some(Execution { ended: Some(_), .. }) => Ok(Start::Ended),
            Some(Execution { ended: None, .. }) => Ok(Start::AlreadyRunning),
            None => {
                let execution = Execution { document: document.clone(), ended: None };
                executions.insert(document.recovery_id.clone(), execution);
                Ok(Start::Started)
            }
        }
    }

    async fn status(&self, recovery_id: &RecoveryId) -> Result<ExecutionStatus, StarterError> {
        let executions = self.0.lock().unwrap();
        Ok(match executions.get(recovery_id) {
            None => ExecutionStatus::Unknown,
            Some(Execution { ended: None, .. }) => ExecutionStatus::Running,
            Some(Execution { ended: Some(how), .. }) => ExecutionStatus::Ended(*how),
        })
    }
}
