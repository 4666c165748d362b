//! Recoveries as executions of one state machine. Each execution has the id of its recovery as its name.

use alims_domain::identifiers::RecoveryId;
use alims_domain::recovery::document::RecoveryDocument;
use alims_operations::ports::{EndedHow, ExecutionStatus, RecoveryStarter, Start, StarterError};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::timeout::TimeoutConfig;
use aws_sdk_sfn::types::ExecutionStatus as Reported;
use aws_types::SdkConfig;
use std::time::Duration;

use crate::arn::{InvalidMachineArn, MachineArn};
use crate::failure::starter_error;

/// How long one try may take.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(2);
/// How long all tries of one call may take together. A request waits for at most two calls.
pub const OPERATION_TIMEOUT: Duration = Duration::from_secs(4);
/// How often one call is tried.
const ATTEMPTS_MAX: u32 = 3;

/// How long the first pause between two tries is at most; it is drawn at random and doubles.
const INITIAL_BACKOFF: Duration = Duration::from_millis(50);
/// How long any pause between two tries is at most.
const BACKOFF_MAX: Duration = Duration::from_millis(500);

/// One state machine of AWS Step Functions.
#[derive(Clone, Debug)]
pub struct StepFunctionsStarter {
    client: Client,
    machine: MachineArn,
}

/// An answer that is no error and makes no sense.
#[derive(Debug, thiserror::Error)]
enum OddAnswer {
    #[error("an execution has an unknown status: {0}")]
    Status(String),
    #[error("an execution of this name exists, but DescribeExecution does not find it")]
    Vanished,
}

impl StepFunctionsStarter {
    /// The state machine of this ARN.
    ///
    /// # Errors
    /// When it is no ARN of a state machine.
    pub fn new(config: &SdkConfig, machine_arn: &str) -> Result<Self, InvalidMachineArn> {
        Ok(Self { client: client(config), machine: machine_arn.parse()? })
    }
}

/// A client with these bounds.
pub(crate) fn client(config: &SdkConfig) -> Client {
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS_MAX)
        .with_initial_backoff(INITIAL_BACKOFF)
        .with_max_backoff(BACKOFF_MAX);
    let config = aws_sdk_sfn::config::Builder::from(config).timeout_config(timeouts).retry_config(retries).build();
    Client::from_conf(config)
}

impl RecoveryStarter for StepFunctionsStarter {
    /// Step Functions runs a name once: while it is under way, the same name with the same input is answered as if it
    /// had been started now, which is true of it, and with another input as one that exists. A name that has ended is
    /// remembered for 90 days (AWS Step Functions API reference, `StartExecution`).
    async fn start(&self, document: &RecoveryDocument) -> Result<Start, StarterError> {
        let input = serde_json::to_string(document).map_err(|error| StarterError::Refused(error.into()))?;
        let name = &document.recovery_id;
        let request = self.client.start_execution().state_machine_arn(self.machine.as_str());
        let Err(error) = request.name(name.as_str()).input(input).send().await else { return Ok(Start::Started) };
        if !error.as_service_error().is_some_and(|error| error.is_execution_already_exists()) {
            return Err(starter_error(error));
        }
        match self.status(name).await? {
            ExecutionStatus::Running => Ok(Start::AlreadyRunning),
            ExecutionStatus::Ended(_) => Ok(Start::Ended),
            // The service's view of executions may lag.
            ExecutionStatus::Unknown => Err(StarterError::Unavailable(OddAnswer::Vanished.into())),
        }
    }

    async fn status(&self, recovery_id: &RecoveryId) -> Result<ExecutionStatus, StarterError> {
        let arn = self.machine.execution(recovery_id.as_str());
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(described) => status(described.status()),
            Err(error) if error.as_service_error().is_some_and(|error| error.is_execution_does_not_exist()) => {
                Ok(ExecutionStatus::Unknown)
            }
            Err(error) => Err(starter_error(error)),
        }
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the SDK's enum is open: a status may be added at any time")]
fn status(reported: &Reported) -> Result<ExecutionStatus, StarterError> {
    match reported {
        Reported::Running | Reported::PendingRedrive => Ok(ExecutionStatus::Running),
        Reported::Succeeded => Ok(ExecutionStatus::Ended(EndedHow::Succeeded)),
        Reported::Failed => Ok(ExecutionStatus::Ended(EndedHow::Failed)),
        Reported::TimedOut => Ok(ExecutionStatus::Ended(EndedHow::TimedOut)),
        Reported::Aborted => Ok(ExecutionStatus::Ended(EndedHow::Aborted)),
        other => Err(StarterError::Refused(OddAnswer::Status(other.as_str().to_owned()).into())),
    }
}
