//! Exports that are too large for a request, as executions of one state machine. Each execution has the id of its export
//! as its name.

use alims_domain::export::{ExportTurn, NextTurn};
use alims_operations::ports::{ExportPlace, ExportStarter, StarterError, StoreError};
use aws_sdk_sfn::Client;
use aws_types::SdkConfig;

use crate::arn::{InvalidMachineArn, MachineArn};
use crate::failure::starter_error;
use crate::starter::client;

/// The state machine of exports.
#[derive(Clone, Debug)]
pub struct ExportMachine {
    client: Client,
    machine: MachineArn,
}

impl ExportMachine {
    /// The state machine of this ARN.
    ///
    /// # Errors
    /// When it is no ARN of a state machine.
    pub fn new(config: &SdkConfig, machine_arn: &str) -> Result<Self, InvalidMachineArn> {
        Ok(Self { client: client(config), machine: machine_arn.parse()? })
    }
}

impl ExportStarter for ExportMachine {
    /// A name that is under way is answered as if it had been started now, and one that has ended as one that exists: in
    /// both cases there is nothing more to start.
    async fn start(&self, place: &ExportPlace) -> Result<(), StoreError> {
        let ExportPlace { tenant_id, export_id } = place.clone();
        let turn = ExportTurn { tenant_id, export_id, next: NextTurn::Step };
        let input = serde_json::to_string(&turn).map_err(|error| StoreError::Refused(error.into()))?;
        let request = self.client.start_execution().state_machine_arn(self.machine.as_str());
        let Err(error) = request.name(export_id.to_string()).input(input).send().await else { return Ok(()) };
        if error.as_service_error().is_some_and(|error| error.is_execution_already_exists()) {
            return Ok(());
        }
        Err(match starter_error(error) {
            StarterError::Unavailable(cause) => StoreError::Unavailable(cause),
            StarterError::Refused(cause) => StoreError::Refused(cause),
        })
    }
}
