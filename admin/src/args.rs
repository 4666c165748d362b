//! The arguments that select the service.

use std::path::PathBuf;

use aws_config::Region;
use aws_credential_types::provider::SharedCredentialsProvider;
use clap::Args;

use crate::aws_cli::AwsCli;
use crate::laptop;
use crate::service::{Anchoring, Service, reached};

/// How a service is named on the command line.
#[derive(Args)]
pub(crate) struct ServiceArgs {
    /// The deployed service: the name of its stack.
    #[arg(long, value_name = "NAME", required_unless_present = "local", conflicts_with = "local")]
    stack: Option<String>,
    /// The profile of the AWS CLI to find it with [default: the AWS CLI's own choice].
    #[arg(long, value_name = "NAME", conflicts_with = "local")]
    profile: Option<String>,
    /// The region it is in [default: the AWS CLI's own choice].
    #[arg(long, conflicts_with = "local")]
    region: Option<String>,
    /// Where AWS is, when it is an emulator.
    #[arg(long, value_name = "URL", conflicts_with = "local")]
    endpoint_url: Option<String>,
    /// Another table in place of the service's log, such as a restored one that is to be looked at.
    #[arg(long, value_name = "TABLE", conflicts_with = "local")]
    log_table: Option<String>,
    /// The service on this machine: a running `cargo local`.
    #[arg(long)]
    local: bool,
    /// Its data folder [default: .local in the repository].
    #[arg(long, value_name = "DIR", conflicts_with = "stack")]
    data: Option<PathBuf>,
}

impl ServiceArgs {
    /// Finds the service, or says what keeps it from being found.
    pub(crate) async fn find(&self) -> anyhow::Result<Service> {
        let Some(stack) = &self.stack else { return laptop::find(self.data.clone()) };
        let aws = AwsCli::new([
            ("--profile", self.profile.as_deref()),
            ("--region", self.region.as_deref()),
            ("--endpoint-url", self.endpoint_url.as_deref()),
        ]);
        let stack = aws.stack(stack).await?;
        // Checked once here, so that an operator who may see the stack but has no usable credentials gets the error
        // now.
        aws.credentials().await?;
        let region = Region::new(self.region.clone().unwrap_or(stack.region));
        let config = reached(SharedCredentialsProvider::new(aws), region, self.endpoint_url.clone());
        let anchoring = stack.anchor_bucket.zip(stack.signing_key);
        let anchoring =
            anchoring.map(|(bucket, key)| Anchoring::Stack { config: Box::new(config.clone()), bucket, key });
        Ok(Service {
            anchoring,
            dynamodb: config.clone(),
            eventbridge: config,
            log_table: self.log_table.clone().unwrap_or(stack.log_table),
            index_table: stack.index_table,
            event_bus: stack.event_bus,
            answers_in_time: true,
        })
    }
}
