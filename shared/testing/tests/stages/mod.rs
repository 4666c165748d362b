//! The adapters in memory with what stands behind them, as the contract's tests command them.

use alims_domain::identifiers::RecoveryId;
use alims_operations::ports::{DeadLetter, DeadLetters, EndedHow, EventBus, RecoveryStarter};
use alims_testing::contract::bus::{BusStage, OnTheBus};
use alims_testing::contract::dead_letters::DeadLettersStage;
use alims_testing::contract::starter::{FailingStarterStage, StarterStage};
use alims_testing::{CallFault, Faulty, MemoryBus, MemoryDeadLetters, MemoryStarter, NextPut, Script};

/// A bus that is its own service.
pub(crate) struct BusInMemory(pub(crate) MemoryBus);

impl BusStage for BusInMemory {
    fn bus(&self) -> &impl EventBus {
        &self.0
    }

    fn accepted(&self) -> Vec<OnTheBus> {
        self.0.accepted().iter().map(OnTheBus::from).collect()
    }

    fn meet_next_put_with(&self, next: NextPut) {
        self.0.then(next);
    }
}

/// Dead letters whose script fails one put: a test has one while they fail.
pub(crate) struct DeadLettersInMemory {
    letters: Faulty<MemoryDeadLetters>,
    script: Script,
}

impl Default for DeadLettersInMemory {
    fn default() -> Self {
        let script = Script::default();
        let letters = Faulty::new(MemoryDeadLetters::default(), &script);
        Self { letters, script }
    }
}

impl DeadLettersStage for DeadLettersInMemory {
    fn dead_letters(&self) -> &impl DeadLetters {
        &self.letters
    }

    fn kept(&self) -> Vec<DeadLetter> {
        self.letters.inner().all()
    }

    fn fails(&self, fails: bool) {
        if fails {
            self.script.fail(self.script.calls().len(), CallFault::BeforeEffect);
        }
    }
}

/// A starter whose script fails calls.
pub(crate) struct StarterInMemory {
    starter: Faulty<MemoryStarter>,
    script: Script,
}

impl Default for StarterInMemory {
    fn default() -> Self {
        let script = Script::default();
        Self { starter: Faulty::new(MemoryStarter::default(), &script), script }
    }
}

impl StarterStage for StarterInMemory {
    fn starter(&self) -> &impl RecoveryStarter {
        &self.starter
    }

    fn runs(&self) -> usize {
        self.starter.inner().started()
    }

    async fn end(&self, recovery_id: &RecoveryId) {
        self.starter.inner().end(recovery_id, EndedHow::Succeeded);
    }

    fn forget(&self, recovery_id: &RecoveryId) {
        self.starter.inner().forget(recovery_id);
    }
}

impl FailingStarterStage for StarterInMemory {
    fn fail_next_call(&self, fault: CallFault) {
        self.script.fail(self.script.calls().len(), fault);
    }
}
