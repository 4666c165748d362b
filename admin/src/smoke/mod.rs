//! `smoke`: takes one workflow through a deployed service and checks everything that must follow, in the minutes after a
//! deployment.
//!
//! It leaves one workflow in the log, cancelled, and removes everything else that it made.

mod api;
mod listener;
mod report;
mod stack;
mod steps;
mod token;
mod trial;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};

use crate::aws_cli::AwsCli;
use api::Api;
use listener::Listener;
use report::Report;
use stack::Stack;
use token::{TOKEN_WITHOUT_SCOPES, Token};
use trial::Trial;

/// The exit code when the test could not begin, as for wrong options.
const NOT_BEGUN: u8 = 2;
/// The exit code of a process that was interrupted, as shells have it: 128 and the signal's number.
const INTERRUPTED: u8 = 130;
/// A step waits for at most a few effects, each with the patience that was asked for, and calls the AWS CLI besides.
const WAITS_OF_A_STEP: u32 = 3;
const CALLS_OF_A_STEP: Duration = Duration::from_secs(120);

/// The options of the command.
#[derive(Args)]
pub(crate) struct SmokeArgs {
    /// The deployed service: the name of its stack.
    #[arg(long, value_name = "NAME")]
    stack: String,
    /// The profile of the AWS CLI to find it with [default: the AWS CLI's own choice].
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// The region it is in [default: the AWS CLI's own choice].
    #[arg(long)]
    region: Option<String>,
    /// Where AWS is, when it is an emulator.
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// The API's URL [default: the stack's output ApiUrl].
    #[arg(long, value_name = "URL")]
    api_url: Option<String>,
    /// The host that an emulator knows the API by.
    #[arg(long, value_name = "HOST", requires = "api_url")]
    api_host: Option<String>,
    /// The file with the token of a person with the roles supervisor and auditor; - is the standard input [default: the
    /// environment variable ALIMS_TOKEN].
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The type of the workflow. The laboratory's rules must let it be created, activated, failed and cancelled.
    #[arg(long, value_name = "TYPE", default_value = "sample-analysis")]
    workflow_type: String,
    /// The workflow's metadata, as JSON.
    #[arg(long, value_name = "JSON", default_value = r#"{"sample_id": "SMOKE-TEST"}"#)]
    metadata: String,
    /// A failure code that the laboratory's rules know.
    #[arg(long, value_name = "CODE", default_value = "other")]
    failure_code: String,
    /// How many seconds an effect may take before it is called missing.
    #[arg(long, value_name = "SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=3600))]
    patience: u32,
    /// Say at the end what was found as one JSON document on the standard output.
    #[arg(long)]
    json: bool,
}

/// Checks everything and reports.
///
/// # Errors
/// When the report cannot be written.
pub(crate) async fn run(args: &SmokeArgs) -> anyhow::Result<ExitCode> {
    let id = format!("smoke-{:016x}", fastrand::u64(..));
    let ready = match prepare(args, &id).await {
        Ok(ready) => ready,
        Err(error) => {
            if args.json {
                writeln!(io::stdout(), "{}", json!({"stack": args.stack, "ok": false, "error": format!("{error:#}")}))?;
            }
            writeln!(io::stderr(), "error: {error:#}")?;
            return Ok(ExitCode::from(NOT_BEGUN));
        }
    };
    let (stack, trial) = ready;
    let listener = Listener::new(&stack, &id)?;
    let mut report = Report::new(&args.stack, stack.patience * WAITS_OF_A_STEP + CALLS_OF_A_STEP);
    let _ = writeln!(io::stderr(), "smoke test {id} of the stack {}", args.stack);
    let interrupted = tokio::select! {
        () = steps::all(&mut report, &stack, &listener, &trial) => false,
        _ = tokio::signal::ctrl_c() => true,
    };
    // However the steps ended: what they made goes, unless the operator has no patience for that either.
    let interrupted = tokio::select! {
        () = steps::leave(&mut report, &listener, &trial) => interrupted,
        _ = tokio::signal::ctrl_c() => true,
    };
    report.conclude(args.json, interrupted, &[trial.left_behind(), listener.left_behind()].concat())?;
    Ok(match (interrupted, report.all_right()) {
        (true, _) => ExitCode::from(INTERRUPTED),
        (false, true) => ExitCode::SUCCESS,
        (false, false) => ExitCode::FAILURE,
    })
}

/// Finds what the test needs; nothing is made yet.
async fn prepare(args: &SmokeArgs, id: &str) -> anyhow::Result<(Stack, Trial)> {
    let token = Token::read(args.token_file.as_deref())?;
    let without_scopes = Token::from_environment(TOKEN_WITHOUT_SCOPES)?;
    let metadata: Value = serde_json::from_str(&args.metadata).context("--metadata is no JSON")?;
    let aws = AwsCli::new([
        ("--profile", args.profile.as_deref()),
        ("--region", args.region.as_deref()),
        ("--endpoint-url", args.endpoint_url.as_deref()),
    ]);
    let stack = Stack::find(aws, &args.stack, Duration::from_secs(args.patience.into())).await?;
    let url = args.api_url.as_deref().map_or_else(|| stack.output("ApiUrl"), Ok)?;
    let api = Api::new(url, args.api_host.clone())?;
    let new = json!({"workflow_id": id, "workflow_type": args.workflow_type, "metadata": metadata});
    // Everything the later steps ask for is there, or the template is another release's.
    for output in ["EventBusArn", "RecoveryMachineArn", "QuarantinedWorkflowsQueueUrl", "FailedRecoveriesQueueUrl"] {
        stack.output(output)?;
    }
    Ok((stack, Trial::new(api, token, without_scopes, id, new, &args.failure_code)))
}
