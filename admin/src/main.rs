//! The operator's commands: they access tables and bus directly, with the operator's own permissions.

mod anchors;
mod args;
mod aws_cli;
mod index;
mod laptop;
mod rebuild_index;
mod service;
mod smoke;

use std::io::{self, Write};
use std::process::ExitCode;

use alims_eventbridge::EventBridgeBus;
use alims_operations::PublishPorts;
use alims_operations::ports::Clock;
use alims_runtime::SystemClock;
use alims_store::{Index, Log};
use clap::{Parser, Subcommand};

use crate::anchors::{AnchorHeadsArgs, VerifyAnchorsArgs};
use crate::index::{CompareIndexArgs, EmptyIndexArgs};
use crate::rebuild_index::RebuildIndexArgs;
use crate::service::Service;
use crate::smoke::SmokeArgs;

/// What an operator does to the service.
#[derive(Parser)]
#[command(name = "alims-admin")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
#[allow(clippy::enum_variant_names, reason = "a variant is named as its command")]
enum Command {
    /// Rebuild the index from the log, and publish what was not published; while the service works.
    RebuildIndex(RebuildIndexArgs),
    /// Verify every workflow of the log, and look up every index entry in the log; changes nothing.
    CompareIndex(CompareIndexArgs),
    /// Remove the entries of the index, all or those without a workflow; then rebuild it.
    EmptyIndex(EmptyIndexArgs),
    /// Make the anchors of a laptop's log now; a deployed service's function is invoked.
    AnchorHeads(AnchorHeadsArgs),
    /// Check the anchors of a tenant and compare the log with them; changes nothing.
    VerifyAnchors(VerifyAnchorsArgs),
    /// Take one workflow through a deployed service and check everything that must follow.
    Smoke(SmokeArgs),
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::RebuildIndex(args) => rebuild_index(args).await,
        Command::CompareIndex(args) => compare_index(args).await,
        Command::EmptyIndex(args) => empty_index(args).await,
        Command::AnchorHeads(args) => anchors::make(&args).await,
        Command::VerifyAnchors(args) => anchors::verify(&args).await,
        Command::Smoke(args) => smoke::run(&args).await,
    };
    done.unwrap_or_else(|error| {
        // Where the standard error is closed, the exit code says it alone.
        let _ = writeln!(io::stderr(), "error: {error:#}");
        ExitCode::FAILURE
    })
}

async fn rebuild_index(args: RebuildIndexArgs) -> anyhow::Result<ExitCode> {
    let service = args.service.find().await?;
    let ports = publishing(&service);
    rebuild_index::run(&args, &ports, service.answers_in_time, SystemClock.now()).await
}

async fn compare_index(args: CompareIndexArgs) -> anyhow::Result<ExitCode> {
    let service = args.service.find().await?;
    let (log, index) = alims_store::patient(&service.dynamodb, &service.log_table, &service.index_table);
    index::compare(&args, &log, &index).await
}

async fn empty_index(args: EmptyIndexArgs) -> anyhow::Result<ExitCode> {
    let service = args.service.find().await?;
    let (log, index) = alims_store::patient(&service.dynamodb, &service.log_table, &service.index_table);
    index::empty(&args, &service.index_table, &log, &index).await
}

fn publishing(service: &Service) -> PublishPorts<Log, Index, EventBridgeBus> {
    let (log, index) = alims_store::patient(&service.dynamodb, &service.log_table, &service.index_table);
    PublishPorts { log, index, bus: EventBridgeBus::new(&service.eventbridge, &service.event_bus) }
}
