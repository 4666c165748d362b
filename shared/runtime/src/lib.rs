//! The runtime of a Lambda function: its settings, its logs, AWS clients, the clock and fresh ids.
//!
//! Only this crate reads the environment, the clock and the source of randomness.

mod deadline;
mod logs;
mod recorder;
mod serving;
mod settings;
mod traces;
mod world;

pub use lambda_http::Error;
pub use serving::{Failure, aws_config, carry_out, consume, invocation, serve, warm_index, warm_log};
pub use settings::{MissingVariable, Settings};
pub use world::{FreshIds, SystemClock};

/// Begins the life of a function: sets up its logs, metrics and traces and gives its settings.
#[must_use]
pub fn start() -> Settings {
    let settings = Settings::from_environment();
    logs::write(&settings);
    logs::locate_panics();
    recorder::start(&settings);
    settings
}
