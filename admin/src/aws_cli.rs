//! The operator's AWS CLI: it knows profiles, single sign-on and assumed roles, and keeps their secrets.

use std::io;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};

use alims_domain::timestamp::Timestamp;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tokio::process::Command;

/// The template's outputs that this module needs.
const LOG_TABLE: &str = "LogTableName";
const INDEX_TABLE: &str = "IndexTableName";
const EVENT_BUS: &str = "EventBusArn";
const ANCHOR_BUCKET: &str = "AnchorBucketName";
const SIGNING_KEY: &str = "SigningKeyArn";

/// Why it is of no use.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AwsCliError {
    /// It is not there.
    #[error("the AWS CLI is missing: put `aws` on the PATH")]
    Missing,
    /// It cannot be started.
    #[error("the AWS CLI cannot be started")]
    NotStarted(#[source] io::Error),
    /// It does not know the command.
    #[error("the AWS CLI is too old for `aws {0}`: put a later one on the PATH")]
    TooOld(&'static str),
    /// It says no: not signed in, not permitted, no such stack.
    #[error("`aws {command}` failed: {why}")]
    Failed {
        /// The command, without its options.
        command: &'static str,
        /// The CLI's own message.
        why: String,
    },
    /// It says something else than it should.
    #[error("the answer of `aws {command}` cannot be understood")]
    Unreadable {
        /// The command, without its options.
        command: &'static str,
        /// The error.
        #[source]
        source: serde_json::Error,
    },
    /// The stack is another template's.
    #[error("the stack {stack} has no output {output}: it is not this service's, or not of this version")]
    NoOutput {
        /// Its name.
        stack: String,
        /// The missing output.
        output: &'static str,
    },
}

/// The AWS CLI with the options that every call gets.
#[derive(Debug)]
pub(crate) struct AwsCli {
    options: Vec<String>,
}

/// A deployed service, as its stack describes it.
pub(crate) struct Stack {
    /// Where it is.
    pub(crate) region: String,
    pub(crate) log_table: String,
    pub(crate) index_table: String,
    /// Its ARN.
    pub(crate) event_bus: String,
    /// None of a stack that was deployed before there were anchors.
    pub(crate) anchor_bucket: Option<String>,
    /// Its ARN.
    pub(crate) signing_key: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Described {
    stacks: Vec<DescribedStack>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct DescribedStack {
    stack_id: String,
    #[serde(default)]
    outputs: Vec<Output>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Output {
    output_key: String,
    output_value: String,
}

/// The output of the AWS CLI and of every other "credential process".
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Exported {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

impl AwsCli {
    /// With those options that have a value.
    pub(crate) fn new<const N: usize>(options: [(&str, Option<&str>); N]) -> Self {
        let given = options.into_iter().filter_map(|(name, value)| Some([name.to_owned(), value?.to_owned()]));
        Self { options: given.flatten().collect() }
    }

    /// Reads the outputs of a service's stack.
    pub(crate) async fn stack(&self, name: &str) -> Result<Stack, AwsCliError> {
        let asked = ["--stack-name", name, "--output", "json"];
        let described: Described = self.call("cloudformation describe-stacks", &asked).await?;
        let lacks = |output| AwsCliError::NoOutput { stack: name.to_owned(), output };
        let stack = described.stacks.into_iter().next().ok_or_else(|| lacks(LOG_TABLE))?;
        let output = |key: &'static str| {
            let found = stack.outputs.iter().find(|output| output.output_key == key);
            found.map(|output| output.output_value.clone()).ok_or_else(|| lacks(key))
        };
        Ok(Stack {
            // arn:aws:cloudformation:<region>:…: the region that the AWS CLI chose, from any of its sources.
            region: stack.stack_id.split(':').nth(3).unwrap_or_default().to_owned(),
            log_table: output(LOG_TABLE)?,
            index_table: output(INDEX_TABLE)?,
            event_bus: output(EVENT_BUS)?,
            anchor_bucket: output(ANCHOR_BUCKET).ok(),
            signing_key: output(SIGNING_KEY).ok(),
        })
    }

    /// Credentials as they are now.
    pub(crate) async fn credentials(&self) -> Result<Credentials, AwsCliError> {
        let exported: Exported = self.call("configure export-credentials", &["--format", "process"]).await?;
        let expires = exported.expiration.and_then(|at| Timestamp::first_not_before(&at).ok());
        let expires = expires.and_then(|at| u64::try_from(at.unix_millis()).ok());
        Ok(Credentials::new(
            exported.access_key_id,
            exported.secret_access_key,
            exported.session_token,
            expires.map(|millis| UNIX_EPOCH + Duration::from_millis(millis)),
            "the AWS CLI",
        ))
    }

    /// Calls it. Where it prints nothing, as for an empty queue or after a change, the answer is JSON's null.
    pub(crate) async fn call<T: DeserializeOwned>(
        &self,
        command: &'static str,
        more: &[&str],
    ) -> Result<T, AwsCliError> {
        let mut process = Command::new("aws");
        process.args(command.split(' ')).args(more).args(&self.options).stdin(Stdio::null()).kill_on_drop(true);
        let output = process.output().await.map_err(|error| {
            if error.kind() == io::ErrorKind::NotFound { AwsCliError::Missing } else { AwsCliError::NotStarted(error) }
        })?;
        if output.status.success() {
            let printed = output.stdout.trim_ascii();
            let answer = if printed.is_empty() { b"null" } else { printed };
            return serde_json::from_slice(answer).map_err(|source| AwsCliError::Unreadable { command, source });
        }
        let said = String::from_utf8_lossy(&output.stderr);
        if said.to_lowercase().contains("invalid choice") {
            return Err(AwsCliError::TooOld(command));
        }
        let lines: Vec<&str> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let why = if lines.is_empty() { output.status.to_string() } else { lines.join(" ") };
        Err(AwsCliError::Failed { command, why })
    }
}

/// The SDK requests new credentials before they expire, however long the work takes.
impl ProvideCredentials for AwsCli {
    fn provide_credentials<'a>(&'a self) -> provider::future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        provider::future::ProvideCredentials::new(async {
            self.credentials().await.map_err(CredentialsError::provider_error)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_tells_what_is_looked_for() {
        let template = include_str!("../../template.yaml");
        let (_, outputs) = template.split_once("\nOutputs:\n").unwrap();
        for output in [LOG_TABLE, INDEX_TABLE, EVENT_BUS] {
            assert!(outputs.lines().any(|line| line == format!("  {output}:")), "{output}");
        }
    }
}
