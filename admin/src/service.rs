//! Which service is meant, and where its tables and its bus are.

use std::path::PathBuf;

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::SharedCredentialsProvider;
use clap::Args;

use crate::aws_cli::AwsCli;
use crate::laptop;

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
    /// The service on this machine: a running `cargo local`.
    #[arg(long)]
    local: bool,
    /// Its data folder [default: .local in the repository].
    #[arg(long, value_name = "DIR", conflicts_with = "stack")]
    data: Option<PathBuf>,
}

/// A service that was found.
pub(crate) struct Service {
    /// How its tables are reached.
    pub(crate) dynamodb: SdkConfig,
    /// How its bus is reached.
    pub(crate) eventbridge: SdkConfig,
    pub(crate) log_table: String,
    pub(crate) index_table: String,
    /// Its name or its ARN.
    pub(crate) event_bus: String,
    /// Whether a doorbell is answered within a day or never. On a laptop it waits for the next start of the server.
    pub(crate) answers_in_time: bool,
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
        // Asked for once here, so that whoever may see the stack and has no credentials to go on with is told now.
        aws.credentials().await?;
        let region = Region::new(self.region.clone().unwrap_or(stack.region));
        let config = reached(SharedCredentialsProvider::new(aws), region, self.endpoint_url.clone());
        Ok(Service {
            dynamodb: config.clone(),
            eventbridge: config,
            log_table: stack.log_table,
            index_table: stack.index_table,
            event_bus: stack.event_bus,
            answers_in_time: true,
        })
    }
}

/// How the SDK reaches what is in a region, or at a URL of its own.
pub(crate) fn reached(credentials: SharedCredentialsProvider, region: Region, url: Option<String>) -> SdkConfig {
    let mut config = SdkConfig::builder();
    config.set_endpoint_url(url);
    config.behavior_version(BehaviorVersion::latest()).region(region).credentials_provider(credentials).build()
}
