//! The adapters keep the contract of their ports, over the real SDK against fakes of the services.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect must fail"
)]

mod fake_services;

use fake_services::{Failing, FakeEventBridge, FakeQueue};

/// The service answers every try with an error of its own.
mod breaking_down {
    use super::{Failing, FakeEventBridge};

    alims_testing::bus_contract!(FakeEventBridge::failing_by(Failing::BreakingDown).await);
    alims_testing::bus_answers_contract!(FakeEventBridge::failing_by(Failing::BreakingDown).await);
}

/// The service takes no more calls for now.
mod throttling {
    use super::{Failing, FakeEventBridge};

    alims_testing::bus_contract!(FakeEventBridge::failing_by(Failing::Throttling).await);
}

/// The service refuses the call for good.
mod refusing {
    use super::{Failing, FakeEventBridge};

    alims_testing::bus_contract!(FakeEventBridge::failing_by(Failing::Refusing).await);
}

/// The connection breaks in the middle of the answer.
mod hanging_up {
    use super::{Failing, FakeEventBridge};

    alims_testing::bus_contract!(FakeEventBridge::failing_by(Failing::HangingUp).await);
    alims_testing::bus_answers_contract!(FakeEventBridge::failing_by(Failing::HangingUp).await);
}

alims_testing::dead_letters_contract!(FakeQueue::open().await);
