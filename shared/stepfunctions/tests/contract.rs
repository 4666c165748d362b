//! The adapter keeps the contract of its port, over the real SDK against a fake of AWS Step Functions.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test that meets what it does not expect must fail"
)]

mod fake_step_functions;

use fake_step_functions::{Failing, FakeStepFunctions};

alims_testing::starter_contract!(FakeStepFunctions::failing_by(Failing::BreakingDown).await);

/// The service answers every try with an error of its own.
mod breaking_down {
    use super::{Failing, FakeStepFunctions};

    alims_testing::failing_starter_contract!(FakeStepFunctions::failing_by(Failing::BreakingDown).await);
}

/// The service takes no more calls for now.
mod throttling {
    use super::{Failing, FakeStepFunctions};

    alims_testing::failing_starter_contract!(FakeStepFunctions::failing_by(Failing::Throttling).await);
}

/// The connection breaks in the middle of the answer.
mod hanging_up {
    use super::{Failing, FakeStepFunctions};

    alims_testing::failing_starter_contract!(FakeStepFunctions::failing_by(Failing::HangingUp).await);
}
